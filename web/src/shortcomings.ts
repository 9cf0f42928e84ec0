// What the reader of an answer should know beside its results.

import { BY_POPULARITY, degradedInWords, unresolvedInWords } from "../shared/shortcomings.js";
import { DegradedCause } from "./generated/cocite/v1/degradation_pb.js";
import { Fallback, type RecommendPapersResponse, UnresolvedCause } from "./generated/cocite/v1/recommender_service_pb.js";

export function shortcomings({ unresolvedSeeds, fallback, degraded }: RecommendPapersResponse): string[] {
  return [
    ...unresolvedInWords(unresolvedSeeds.map(({ id, cause }) => ({ id, cause: UnresolvedCause[cause] }))),
    ...(fallback === Fallback.POPULARITY ? [BY_POPULARITY] : []),
    ...degradedInWords(degraded.map(({ cause }) => DegradedCause[cause])),
  ];
}
