// What the reader of an answer should know beside its results.

export const BY_POPULARITY = "Nothing could be found by what you gave: these are the most cited papers instead.";

export const NOTHING_CLOSE = "Nothing here is close to that: these papers are only less far from it than the others. Try other words, or a paper.";

const BY_WORDS = "texts count by their words alone just now";
const WITHOUT_DETAILS = "some details of papers are missing just now";
const DEGRADED: Record<string, string> = {
  EMBEDDING_UNAVAILABLE: BY_WORDS,
  EMBEDDING_SLOW: BY_WORDS,
  EMBEDDING_MISMATCH: BY_WORDS,
  FEATURES_UNAVAILABLE: WITHOUT_DETAILS,
  CATALOGUE_UNAVAILABLE: WITHOUT_DETAILS,
  RECOMMENDER_UNAVAILABLE: "these are results of before, or not made for you alone",
};
const UNRESOLVED: Record<string, string> = {
  UNKNOWN: "no paper in the catalogue has this id",
  NOT_IN_MODEL: "too new, and without text or references to go by",
  UNAVAILABLE: "could not be looked up just now",
};
const UNRESOLVED_SHOWN = 5;

/** Lines on degraded answers. causes: names of cocite.v1.DegradedCause without their prefix. */
export function degradedInWords(causes: string[]): string[] {
  const told = causes.flatMap((cause) => DEGRADED[cause] ?? []);
  return [...new Set(told)].map((line) => `Not all went well: ${line}.`);
}

/** Lines on seeds that were left out. cause: a name of cocite.v1.UnresolvedCause without its prefix. */
export function unresolvedInWords(unresolved: { id: string; cause: string }[]): string[] {
  const lines = unresolved
    .slice(0, UNRESOLVED_SHOWN)
    .map(({ id, cause }) => `Left out ${id}: ${UNRESOLVED[cause] ?? "it could not be used"}.`);
  const more = unresolved.length - UNRESOLVED_SHOWN;
  return more > 0 ? [...lines, `And ${more} more were left out.`] : lines;
}
