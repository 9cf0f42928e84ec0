// From the state of the page to a request.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RecommendPapersRequestSchema } from "./generated/cocite/v1/recommender_service_pb.js";
import type { State } from "./state.js";

export const PAGE_SIZE = 20;

export function requestOf(state: State): MessageInitShape<typeof RecommendPapersRequestSchema> {
  const { minYear, maxYear, venues, diversity } = state;
  return {
    seeds: {
      positiveIds: valuesOf(state, "paper", false),
      negativeIds: valuesOf(state, "paper", true),
      texts: valuesOf(state, "text", false).map((title) => ({ title })),
      negativeTexts: valuesOf(state, "text", true).map((title) => ({ title })),
      referenceIds: state.references,
    },
    filter: {
      venues,
      ...(minYear === undefined ? {} : { minYear }),
      ...(maxYear === undefined ? {} : { maxYear }),
    },
    pageSize: PAGE_SIZE,
    diversity,
  };
}

export function valuesOf(state: State, kind: "paper" | "text", negative: boolean): string[] {
  return state.seeds.filter((seed) => seed.kind === kind && seed.negative === negative).map((seed) => seed.value);
}
