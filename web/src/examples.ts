// Papers of this server to begin with, for who has none at hand.

import { h } from "../shared/dom.js";
import { feeds } from "./api.js";
import type { Paper } from "./generated/cocite/v1/paper_pb.js";
import { remember } from "./papers.js";

const MOST = 3;

/** Offer what is trending or, failing that, new, in place; take: what to do with the one chosen. Without answer there is none. */
export async function offerExamples(place: HTMLElement, take: (paperId: string) => void): Promise<void> {
  const papers = await examples().catch(() => []); // who has a paper can go on all the same
  place.hidden = !papers.length;
  const button = (paper: Paper): HTMLElement =>
    h("button", { type: "button", class: "link", click: () => take(paper.paperId) }, paper.title || paper.paperId);
  place.replaceChildren(h("p", {}, "For example:"), h("ul", {}, ...papers.map((paper) => h("li", {}, button(paper)))));
}

async function examples(): Promise<Paper[]> {
  const trending = await feeds.listTrending({ pageSize: MOST });
  const { items } = trending.items.length ? trending : await feeds.listNew({ pageSize: MOST });
  const papers = items.flatMap(({ paper }) => paper ?? []);
  for (const paper of papers) remember(paper);
  return papers;
}
