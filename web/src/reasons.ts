// Reasons, and the evidence behind each, fetched when it is asked for.

import { h } from "../shared/dom.js";
import { linkOf } from "../shared/paper_links.js";
import { alikeInWords, reasonInWords } from "../shared/reasons.js";
import { counted, shortened } from "../shared/words.js";
import { features } from "./api.js";
import { explained } from "./errors.js";
import type { Reason, Recommendation } from "./generated/cocite/v1/recommender_service_pb.js";
import { authorsOf, fetchPapers, paperOf, shortName } from "./papers.js";

const SHARES_SHOWN = 3;
const LEAST_SHARE = 0.1;

/** Names a seed of a reason; several: whether there are seeds to tell apart. */
export type Naming = { several: boolean; of: (seed: string) => string };

export function reasonsOf(result: Recommendation, naming: Naming): HTMLElement | null {
  if (!result.reasons.length) return null;
  return h("ul", { class: "reasons" }, ...result.reasons.map((reason) => h("li", {}, shown(reason, result, naming))));
}

/** How much each of several seeds has to do with a result, the greatest shares first. */
export function sharesOf({ contributions }: Recommendation, naming: Naming): HTMLElement | null {
  const told = contributions.filter((each) => each.share >= LEAST_SHARE).sort((one, other) => other.share - one.share);
  if (contributions.length < 2 || !told.length) return null;
  const words = told.slice(0, SHARES_SHOWN).map(({ seed, share }) => `${naming.of(seed)} ${Math.round(100 * share)} %`);
  return h("p", { class: "shares" }, `Owed to ${words.join(", ")}`);
}

export function reasonOf(reason: Reason, result: Recommendation, naming: Naming): string {
  return reasonInWords(reason.evidence, naming.several ? naming.of(reason.seed) : "", haveAbstracts(reason, result));
}

function shown(reason: Reason, result: Recommendation, naming: Naming): HTMLElement {
  const words = reasonOf(reason, result, naming);
  const ids = paperIds(reason);
  const explanation = explanationOf(reason, naming, haveAbstracts(reason, result));
  if (!ids.length && !explanation) return h("span", { class: "reason" }, words);
  const evidence = h("div", { class: "evidence" }, explanation);
  const details = h("details", { class: "reason" }, h("summary", {}, words), evidence);
  if (ids.length) {
    details.addEventListener("toggle", () => {
      if (details.open && !evidence.childElementCount) void fill(evidence, reason, result);
    });
  }
  return details;
}

/** What can be said of evidence that is no list of papers. */
function explanationOf({ evidence, seed }: Reason, naming: Naming, abstracts: boolean): HTMLElement | null {
  switch (evidence.case) {
    case "directCitation": {
      const name = naming.of(seed);
      const told = evidence.value.seedCitesResult ? `${name} lists this paper` : `This paper lists ${name}`;
      return h("p", {}, `${told} among its references.`);
    }
    case "textLikeness": {
      const { cosine, sharedTerms } = evidence.value;
      const both = sharedTerms.length ? ` Both say: ${sharedTerms.join(", ")}.` : "";
      return h("p", {}, `${alikeInWords(abstracts)}, ${cosine.toFixed(2)} on a scale from −1 to 1.${both}`);
    }
    default:
      return null;
  }
}

/** Whether the catalogue has an abstract of both. */
function haveAbstracts({ seed }: Reason, { paper }: Recommendation): boolean {
  return Boolean(paper?.hasAbstract && paperOf(seed)?.hasAbstract);
}

function paperIds({ evidence }: Reason): string[] {
  const { value } = evidence;
  return value && "paperIds" in value ? value.paperIds : [];
}

/** What is said above the papers. shown: how many of them follow. */
function opening({ evidence }: Reason, shown: number): string {
  switch (evidence.case) {
    case "coCitation":
      return `Both are cited by ${partOf(evidence.value.count, shown, "newest")}:`;
    case "sharedReferences":
      return `Both cite ${partOf(evidence.value.count, shown, "most telling")}:`;
    default:
      return "It is cited together with these references, most often first:";
  }
}

function partOf(count: number, shown: number, kind: string): string {
  return shown < count ? `${counted(count, "paper")}, of which the ${kind} ${shown} are` : counted(count, "paper");
}

/** Write the papers behind a reason into place, or why they cannot be had. */
async function fill(place: HTMLElement, reason: Reason, result: Recommendation): Promise<void> {
  place.replaceChildren(h("p", { role: "status" }, "Looking up the papers…"));
  try {
    const ids = await allOf(reason, result);
    await fetchPapers(ids);
    place.replaceChildren(h("p", {}, opening(reason, ids.length)), h("ul", {}, ...ids.map((id) => h("li", {}, cited(id)))));
  } catch (error) {
    const again = h("button", { type: "button", click: () => void fill(place, reason, result) }, "Try again");
    place.replaceChildren(h("p", { class: "note failure", role: "alert" }, h("span", {}, explained(error).message), again));
  }
}

/** The papers of a reason. An answer names a few; of shared references all can be had from the catalogue. */
async function allOf({ evidence, seed }: Reason, result: Recommendation): Promise<string[]> {
  const named = evidence.value && "paperIds" in evidence.value ? evidence.value.paperIds : [];
  if (evidence.case !== "sharedReferences" || named.length >= evidence.value.count || !seed.includes(":") || !result.paper) {
    return named;
  }
  const { references } = await features.batchGetReferences({ paperIds: [seed, result.paper.paperId] });
  const [first, second] = references.map((each) => each.referenceIds);
  const others = new Set(second);
  return [...new Set([...named, ...(first ?? []).filter((id) => others.has(id))])].slice(0, evidence.value.count);
}

/** A paper in one line, with a link where there is one. */
function cited(id: string): HTMLElement {
  const paper = paperOf(id);
  const link = linkOf(id);
  const title = paper?.title || id;
  return h(
    "span",
    {},
    link ? h("a", { href: link, rel: "noreferrer", target: "_blank" }, title) : h("span", {}, title),
    paper && ` ${[authorsOf(paper, 2), paper.year, paper.venue].filter(Boolean).join(" · ")}`,
  );
}

/** How seeds are called: papers shortly, texts in quotation marks. texts: those of the request, in its order. */
export function naming(texts: string[], count: number): Naming {
  return {
    several: count > 1,
    of: (seed) => {
      if (seed === "references") return "your references";
      if (seed === "library") return "your library";
      const text = /^text:(\d+)$/.exec(seed);
      return text ? `“${shortened(texts[Number(text[1])] ?? "your text", 40)}”` : shortName(seed);
    },
  };
}
