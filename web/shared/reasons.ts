// Reasons in words.

import { counted } from "./words.js";

const TERMS_SHOWN = 3;

/** What speaks for a result, as protobuf messages of cocite.v1.Reason have it. */
export type Evidence =
  | { case: "sharedReferences" | "coCitation" | "sharedReaders" | "citedWithReferences"; value: { count: number } }
  | { case: "directCitation"; value: { seedCitesResult?: boolean | undefined } }
  | { case: "textLikeness"; value: { sharedTerms: string[] } }
  | { case: "sharedTerms"; value: { terms: string[] } }
  | { case: "popularity"; value: { citationCount: number } }
  | { case: undefined; value?: undefined };

/**
 * "cited together with Small 1973 by 11 papers". seed: its name; "" where there is but one, and no name is needed.
 * abstracts: whether result and seed both have one; else their texts are but titles.
 */
export function reasonInWords(evidence: Evidence, seed: string, abstracts: boolean): string {
  const and = seed && ` with ${seed}`;
  const it = seed || "the seed";
  switch (evidence.case) {
    case "sharedReferences":
      return `shares ${counted(evidence.value.count, "reference")}${and}`;
    case "coCitation":
      return `cited together${and} by ${counted(evidence.value.count, "paper")}`;
    case "directCitation":
      return evidence.value.seedCitesResult ? `cited by ${it}` : `cites ${it}`;
    case "textLikeness":
      return likeness(abstracts ? "text" : "title", seed) + terms(evidence.value.sharedTerms);
    case "sharedTerms":
      return `words in common${and}${terms(evidence.value.terms)}`;
    case "sharedReaders":
      return `kept${and} by ${counted(evidence.value.count, "reader")}`;
    case "popularity":
      return `much cited: by ${counted(evidence.value.citationCount, "paper")}`;
    case "citedWithReferences":
      return `cited with references of ${it} by ${counted(evidence.value.count, "paper")}`;
    default:
      return "related"; // by what came after this was written
  }
}

/** What two texts have in common that are alike. */
export function alikeInWords(abstracts: boolean): string {
  return abstracts ? "Title and abstract are alike" : "Titles are alike";
}

function likeness(what: string, seed: string): string {
  return seed ? `${what} like that of ${seed}` : `${what}s alike`;
}

function terms(all: string[]): string {
  return all.length ? `: ${all.slice(0, TERMS_SHOWN).join(", ")}` : "";
}
