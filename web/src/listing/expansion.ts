// What a paper in a list opens to: its abstract, papers like it. One at a time, fetched when it is asked for.

import { h } from "../../shared/dom.js";
import { features, recommender } from "../api.js";
import { explained } from "../errors.js";
import { type Paper, PaperView } from "../generated/cocite/v1/paper_pb.js";
import { authorsOf } from "../papers.js";
import { titleOf } from "../results.js";

const SIMILAR = 5;

type Content = () => Promise<Node[]>;

let made = 0;

export class Expansion {
  readonly place = h("div", { class: "expansion", id: `expansion-${(made += 1)}`, hidden: true });
  #buttons: HTMLElement[] = [];

  /** A button that opens and closes this. content: nodes to show; name: of the paper; opened: called when it opens. */
  button(words: string, name: string, content: Content, opened = (): void => undefined): HTMLElement {
    const button = h("button", { type: "button", class: "opens", "aria-expanded": "false", "aria-controls": this.place.id, "aria-label": `${words}: ${name}` }, words);
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "false";
      for (const each of this.#buttons) each.setAttribute("aria-expanded", String(each === button && open));
      this.place.hidden = !open;
      if (!open) return;
      opened();
      void this.#fill(button, content);
    });
    this.#buttons.push(button);
    return button;
  }

  async #fill(button: HTMLElement, content: Content): Promise<void> {
    const isCurrent = (): boolean => button.getAttribute("aria-expanded") === "true";
    this.place.replaceChildren(h("p", { role: "status" }, "Looking it up…"));
    try {
      const nodes = await content();
      if (isCurrent()) this.place.replaceChildren(...nodes);
    } catch (error) {
      if (!isCurrent()) return;
      const again = h("button", { type: "button", click: () => void this.#fill(button, content) }, "Try again");
      this.place.replaceChildren(h("p", { class: "note failure", role: "alert" }, h("span", {}, explained(error).message), again));
    }
  }
}

export function abstractOf(paper: Paper): Content {
  let text = paper.abstract;
  return async () => {
    if (!text) {
      const { papers } = await features.batchGetPapers({ paperIds: [paper.paperId], view: PaperView.FULL });
      text = papers[0]?.paper?.abstract ?? "";
    }
    return [h("p", {}, text || "The catalogue has no abstract of it.")];
  };
}

/** known: papers like it as far as they came with the list. */
export function similarTo(paper: Paper, known?: Paper[]): Content {
  let papers = known;
  return async () => {
    papers ??= (await recommender.recommendPapers({ seeds: { positiveIds: [paper.paperId] }, pageSize: SIMILAR })).results.flatMap(
      (result) => result.paper ?? [],
    );
    const all = h("a", { href: `./#${new URLSearchParams({ like: paper.paperId })}` }, "All that is related, with reasons");
    if (!papers.length) return [h("p", {}, "Nothing like it is known yet.")];
    return [h("ul", {}, ...papers.map(lineOf)), h("p", {}, all)];
  };
}

function lineOf(paper: Paper): HTMLElement {
  const source = [authorsOf(paper, 2), paper.year, paper.venue].filter(Boolean).join(" · ");
  return h("li", {}, titleOf(paper), h("span", { class: "source" }, ` ${source}`));
}
