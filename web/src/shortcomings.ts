// What the reader of an answer should know beside its results.

import { BY_POPULARITY, degradedInWords, NOTHING_CLOSE, unresolvedInWords } from "../shared/shortcomings.js";
import { DegradedCause } from "./generated/cocite/v1/degradation_pb.js";
import { Fallback, type RecommendPapersResponse, UnresolvedCause } from "./generated/cocite/v1/recommender_service_pb.js";

const LEAST_LIKENESS = 0.3; // of words that the catalogue has something on; of others it is between 0 and this

export function shortcomings(answer: RecommendPapersResponse): string[] {
  const { unresolvedSeeds, fallback, degraded } = answer;
  return [
    ...(isFarOff(answer) ? [NOTHING_CLOSE] : []),
    ...unresolvedInWords(unresolvedSeeds.map(({ id, cause }) => ({ id, cause: UnresolvedCause[cause] }))),
    ...(fallback === Fallback.POPULARITY ? [BY_POPULARITY] : []),
    ...degradedInWords(degraded.map(({ cause }) => DegradedCause[cause])),
  ];
}

/** Whether nothing speaks for the results but likeness of texts, and little of that, or nothing at all. */
function isFarOff({ results, degraded }: RecommendPapersResponse): boolean {
  const evidence = results.flatMap(({ reasons }) => reasons.map((reason) => reason.evidence));
  const likeness = evidence.flatMap(({ case: kind, value }) => (kind === "textLikeness" ? value.cosine : []));
  const others = evidence.some(({ case: kind }) => kind !== "textLikeness" && kind !== "sharedTerms");
  return results.length > 0 && degraded.length === 0 && !others && Math.max(...likeness, 0) < LEAST_LIKENESS;
}
