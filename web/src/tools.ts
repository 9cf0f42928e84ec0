// View, export and link: the buttons above the results.

import { byId } from "../shared/dom.js";
import { copied } from "./copying.js";
import { exportButtons } from "./export_buttons.js";
import type { Exported } from "./exports.js";
import type { State } from "./state.js";

/** papers: those that are listed now. */
export function watchTools(change: (part: Partial<State>) => void, papers: () => Exported[]): void {
  byId("as-list").addEventListener("click", () => change({ view: "list" }));
  byId("as-graph").addEventListener("click", () => change({ view: "graph" }));
  byId("exports").append(...exportButtons(papers, "related-papers"));
  const link = byId("link");
  link.addEventListener("click", () => void copied(link, location.href, "It is in the address bar"));
}
