// View, export and link: the buttons above the results.

import { byId, h } from "../shared/dom.js";
import { downloadPapers, FORMATS } from "./exports.js";
import type { Paper } from "./generated/cocite/v1/paper_pb.js";
import type { State } from "./state.js";

const SAID_MS = 2000;

/** papers: those that are listed now. */
export function watchTools(change: (part: Partial<State>) => void, papers: () => Paper[]): void {
  byId("as-list").addEventListener("click", () => change({ view: "list" }));
  byId("as-graph").addEventListener("click", () => change({ view: "graph" }));
  byId("exports").append(
    h("span", { "aria-hidden": "true" }, "Export"),
    ...Object.entries(FORMATS).map(([name, format]) =>
      h("button", { type: "button", "aria-label": `Export as ${name}`, click: () => downloadPapers(papers(), format) }, name),
    ),
  );
  const link = byId("link");
  link.addEventListener("click", () => void copyLink(link));
}

async function copyLink(button: HTMLElement): Promise<void> {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "It is in the address bar"; // clipboards are closed to pages without TLS
  }
  setTimeout(() => (button.textContent = words), SAID_MS);
}
