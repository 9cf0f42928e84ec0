// The list of related papers.

import { h } from "../shared/dom.js";
import { linkOf } from "../shared/paper_links.js";
import { counted } from "../shared/words.js";
import type { Paper } from "./generated/cocite/v1/paper_pb.js";
import type { Recommendation } from "./generated/cocite/v1/recommender_service_pb.js";
import { authorsOf } from "./papers.js";
import { type Naming, reasonsOf, sharesOf } from "./reasons.js";

const AUTHORS_SHOWN = 6;

/** What a reader may do with a result. */
export type Judge = (id: string, negative: boolean) => void;

export function resultItem(result: Recommendation, naming: Naming, judge: Judge): HTMLElement | null {
  const { paper } = result;
  if (!paper) return null;
  return h(
    "li",
    { class: "result", value: result.rank, "data-id": paper.paperId },
    h("h3", {}, titleOf(paper)),
    h("p", { class: "byline" }, authorsOf(paper, AUTHORS_SHOWN)),
    h("p", { class: "source" }, sourceOf(paper)),
    reasonsOf(result, naming),
    sharesOf(result, naming),
    judging(paper, judge),
  );
}

/** The title, a link where the paper can be read. */
export function titleOf(paper: Paper): HTMLElement {
  const link = linkOf(paper.paperId);
  const title = paper.title || paper.paperId;
  return link ? h("a", { href: link, rel: "noreferrer", target: "_blank" }, title) : h("span", {}, title);
}

/** Year, venue and citations in one line. */
export function sourceOf(paper: Paper): string {
  const citations = paper.citationCount ? `cited ${counted(paper.citationCount, "time")} here` : "";
  return [paper.year, paper.venue, citations].filter(Boolean).join(" · ");
}

/** The two buttons that make a seed of a paper. */
export function judging(paper: Paper, judge: Judge): HTMLElement {
  const button = (negative: boolean, sign: string, words: string): HTMLElement =>
    h(
      "button",
      { type: "button", "aria-label": `${words}: ${paper.title || paper.paperId}`, click: () => judge(paper.paperId, negative) },
      h("span", { "aria-hidden": "true", class: "sign" }, sign),
      words,
    );
  return h("p", { class: "judging" }, button(false, "+", "More like this"), button(true, "−", "Less like this"));
}
