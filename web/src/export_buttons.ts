// Buttons that hand papers over as files.

import { h } from "../shared/dom.js";
import { downloadPapers, FORMATS } from "./exports.js";
import type { Paper } from "./generated/cocite/v1/paper_pb.js";

/** papers: those to export when a button is pressed; name: of the files. */
export function exportButtons(papers: () => Paper[], name: string): HTMLElement[] {
  return [
    h("span", { "aria-hidden": "true" }, "Export"),
    ...Object.entries(FORMATS).map(([words, format]) =>
      h("button", { type: "button", "aria-label": `Export as ${words}`, click: () => downloadPapers(papers(), format, name) }, words),
    ),
  ];
}
