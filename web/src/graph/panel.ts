// The picture with its legend, its buttons and the paper turned to.

import { byId, h } from "../../shared/dom.js";
import { keepingFocus } from "../focus.js";
import type { Recommendation } from "../generated/cocite/v1/recommender_service_pb.js";
import { authorsOf } from "../papers.js";
import { type Naming, reasonsOf } from "../reasons.js";
import { type Judge, judging, sourceOf, titleOf } from "../results.js";
import type { State } from "../state.js";
import { layOut } from "./layout.js";
import { neighbourhood, type Node } from "./neighbourhood.js";
import { Picture } from "./picture.js";
import { stepsOf, yearClass, type YearStep } from "./years.js";

export class GraphPanel {
  #picture: Picture;
  #legend = byId("legend");
  #told = byId("graph-paper");
  #judge: Judge;
  #results: Recommendation[] = [];
  #naming: Naming | undefined;
  #turn = 0;

  constructor(judge: Judge) {
    this.#judge = judge;
    this.#picture = new Picture(byId<HTMLElement & SVGSVGElement>("graph"), (node) => this.#tell(node));
    byId("zoom-in").addEventListener("click", () => this.#picture.zoom(1));
    byId("zoom-out").addEventListener("click", () => this.#picture.zoom(-1));
    byId("zoom-fit").addEventListener("click", () => this.#picture.fit());
  }

  /** Draw the neighbourhood of the seeds. Throws what asking for the citations throws. */
  async show(state: State, results: Recommendation[], naming: Naming): Promise<void> {
    const turn = ++this.#turn;
    const found = await neighbourhood(state, results);
    if (turn !== this.#turn) return;
    this.#results = results;
    this.#naming = naming;
    const steps = stepsOf(found.nodes.flatMap(({ paper }) => paper.year ?? []));
    const { width, height } = this.#picture.size;
    layOut(found, width || 1, height || 1);
    this.#picture.draw(found, steps);
    this.#legend.replaceChildren(...legend(steps, found.nodes));
    keepingFocus(this.#told, byId("status"), () =>
      this.#told.replaceChildren(h("p", {}, "Choose a paper in the picture to read about it.")),
    );
  }

  #tell({ paper, role }: Node): void {
    const result = this.#results.find((each) => each.paper?.paperId === paper.paperId);
    this.#told.replaceChildren(
      h("h3", {}, titleOf(paper)),
      h("p", { class: "byline" }, authorsOf(paper, 6)),
      h("p", { class: "source" }, sourceOf(paper)),
      ...(role === "result" && result && this.#naming
        ? [reasonsOf(result, this.#naming), judging(paper, this.#judge)].filter((each) => each !== null)
        : [h("p", { class: "source" }, role === "unlike" ? "A seed, not to be like." : "A seed.")]),
    );
  }
}

function legend(steps: YearStep[], nodes: Node[]): HTMLElement[] {
  const item = (mark: string, words: string): HTMLElement =>
    h("li", {}, h("span", { class: `swatch ${mark}`, "aria-hidden": "true" }), words);
  const years = steps.map(({ from, to }) => item(yearClass(from, steps), from === to ? `${from}` : `${from}–${to}`));
  const unknown = nodes.some(({ paper }) => paper.year === undefined) ? [item("year-unknown", "year unknown")] : [];
  const roles = nodes.some(({ role }) => role !== "result") ? [item("square", "seed")] : [];
  return [...years, ...unknown, ...roles, h("li", {}, "→ cites"), h("li", {}, "larger: cited more")];
}
