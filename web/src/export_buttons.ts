// Buttons that hand papers over as files.

import { h } from "../shared/dom.js";
import { downloadPapers, type Exported, FORMATS } from "./exports.js";

/** papers: those to export when a button is pressed; name: of the files. */
export function exportButtons(papers: () => Exported[], name: string): HTMLElement[] {
  return [
    h("span", { "aria-hidden": "true" }, "Export"),
    ...Object.entries(FORMATS).map(([words, format]) =>
      h("button", { type: "button", "aria-label": `Export as ${words}`, click: () => downloadPapers(papers(), format, name) }, words),
    ),
  ];
}
