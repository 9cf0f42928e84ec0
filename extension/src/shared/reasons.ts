// Reasons of the server's answers, which are JSON.

import { reasonInWords, type Evidence } from "../../../web/shared/reasons.js";
import { list, record, text, whole } from "./checked";

const REASONS_SHOWN = 3;

/** The strongest reasons of an answer's result, of each kind and seed one. nameOf: how a seed is called; haveAbstracts: whether it and the result have one. */
export function reasonsInWords(reasons: unknown, nameOf: (seed: string) => string, haveAbstracts: (seed: string) => boolean): string[] {
  const said = new Map<string, string>();
  for (const reason of list(reasons).map(record)) {
    const seed = text(reason["seed"]);
    const evidence = evidenceOf(reason);
    const of = `${evidence.case} ${seed}`;
    if (evidence.case && !said.has(of)) said.set(of, reasonInWords(evidence, nameOf(seed), haveAbstracts(seed)));
  }
  return [...said.values()].slice(0, REASONS_SHOWN);
}

/** The evidence of a reason; of no case where it is of a kind that came after this extension. */
function evidenceOf(reason: Record<string, unknown>): Evidence {
  const kind = Object.keys(reason).find((key) => key !== "seed");
  const value = record(kind && reason[kind]);
  switch (kind) {
    case "sharedReferences":
    case "coCitation":
    case "sharedReaders":
    case "citedWithReferences":
      return { case: kind, value: { count: whole(value["count"]) } };
    case "directCitation":
      return { case: kind, value: { seedCitesResult: value["seedCitesResult"] === true } };
    case "textLikeness":
      return { case: kind, value: { sharedTerms: list(value["sharedTerms"]).map(text) } };
    case "sharedTerms":
      return { case: kind, value: { terms: list(value["terms"]).map(text) } };
    case "popularity":
      return { case: kind, value: { citationCount: whole(value["citationCount"]) } };
    default:
      return { case: undefined };
  }
}
