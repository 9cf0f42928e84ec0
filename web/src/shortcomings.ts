// What the reader of an answer should know beside its results.

import { DegradedCause, type Degradation } from "./generated/cocite/v1/degradation_pb.js";
import { Fallback, type RecommendPapersResponse, UnresolvedCause, type UnresolvedSeed } from "./generated/cocite/v1/recommender_service_pb.js";

const UNRESOLVED: Partial<Record<UnresolvedCause, string>> = {
  [UnresolvedCause.UNKNOWN]: "no paper in the catalogue has this id",
  [UnresolvedCause.NOT_IN_MODEL]: "too new, and without text or references to go by",
  [UnresolvedCause.UNAVAILABLE]: "could not be looked up just now",
};

const BY_WORDS = "texts count by their words alone just now";
const DEGRADED: Partial<Record<DegradedCause, string>> = {
  [DegradedCause.EMBEDDING_UNAVAILABLE]: BY_WORDS,
  [DegradedCause.EMBEDDING_SLOW]: BY_WORDS,
  [DegradedCause.EMBEDDING_MISMATCH]: BY_WORDS,
  [DegradedCause.FEATURES_UNAVAILABLE]: "some details of papers are missing just now",
  [DegradedCause.CATALOGUE_UNAVAILABLE]: "some details of papers are missing just now",
};
const UNRESOLVED_SHOWN = 5;

export function unresolvedInWords(unresolved: UnresolvedSeed[]): string[] {
  const lines = unresolved
    .slice(0, UNRESOLVED_SHOWN)
    .map((each) => `Left out ${each.id}: ${UNRESOLVED[each.cause] ?? "it could not be used"}.`);
  const more = unresolved.length - UNRESOLVED_SHOWN;
  return more > 0 ? [...lines, `And ${more} more were left out.`] : lines;
}

export function shortcomings(answer: RecommendPapersResponse): string[] {
  const lines = unresolvedInWords(answer.unresolvedSeeds);
  if (answer.fallback === Fallback.POPULARITY) {
    lines.push("Nothing could be found by what you gave: these are the most cited papers instead.");
  }
  return [...lines, ...degradedInWords(answer.degraded)];
}

function degradedInWords(degraded: Degradation[]): string[] {
  const told = degraded.flatMap(({ cause }) => DEGRADED[cause] ?? []);
  return [...new Set(told)].map((line) => `Not all went well: ${line}.`);
}
