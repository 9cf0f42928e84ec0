// What related papers are asked for.

import { h } from "../../../web/shared/dom.js";
import type { Seed } from "../shared/papers";

/** The seeds; of several each can be dropped. */
export function seedList(seeds: Seed[], drop: (seed: Seed) => void): HTMLElement {
  return h(
    "ul",
    { class: "seeds", "aria-label": "Related to" },
    ...seeds.map((seed) =>
      h(
        "li",
        {},
        h("span", {}, seed.title || (seed.kind === "paper" ? seed.id : "")),
        seeds.length > 1 &&
          h("button", { type: "button", class: "plain", "aria-label": `Drop ${seed.title}`, click: () => drop(seed) }, "✕"),
      ),
    ),
  );
}
