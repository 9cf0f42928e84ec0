// Reasons in words, those of `cocite recommend`.

import { list, record, text, whole } from "./checked";

const TERMS_SHOWN = 3;
const REASONS_SHOWN = 3;

/** The strongest reasons of an answer's result, of each kind and seed one. nameOf: how a seed is called. */
export function reasonsInWords(reasons: unknown, nameOf: (seed: string) => string): string[] {
  const said = new Map<string, string>();
  for (const each of list(reasons)) {
    const reason = record(each);
    const kind = Object.keys(reason).find((key) => key !== "seed");
    const words = kind && inWords(kind, record(reason[kind]), nameOf(text(reason["seed"])));
    const of = `${kind} ${text(reason["seed"])}`;
    if (words && !said.has(of)) said.set(of, words);
  }
  return [...said.values()].slice(0, REASONS_SHOWN);
}

function inWords(kind: string, evidence: Record<string, unknown>, seed: string): string | undefined {
  const count = whole(evidence["count"]);
  switch (kind) {
    case "sharedReferences":
      return `shares ${counted(count, "reference")} with ${seed}`;
    case "coCitation":
      return `cited together with ${seed} by ${counted(count, "paper")}`;
    case "directCitation":
      return evidence["seedCitesResult"] === true ? `cited by ${seed}` : `cites ${seed}`;
    case "textLikeness": {
      const cosine = typeof evidence["cosine"] === "number" ? evidence["cosine"].toFixed(2) : "";
      return `text like that of ${seed} (${[cosine, ...terms(evidence["sharedTerms"])].filter(Boolean).join(", ")})`;
    }
    case "sharedTerms":
      return `words in common with ${seed}: ${terms(evidence["terms"]).join(", ")}`;
    case "sharedReaders":
      return `kept by ${counted(count, "reader")} of ${seed}`;
    case "popularity":
      return `much cited (${whole(evidence["citationCount"]).toLocaleString("en")})`;
    case "citedWithReferences":
      return `cited with references of ${seed} by ${counted(count, "paper")}`;
    default:
      return undefined; // a kind that came after this extension
  }
}

function terms(value: unknown): string[] {
  return list(value).slice(0, TERMS_SHOWN).map((term) => text(term));
}

function counted(count: number, one: string): string {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}
