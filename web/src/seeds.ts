// The seeds as chips: each can change its sign or go.

import { h } from "../shared/dom.js";
import { counted, shortened } from "../shared/words.js";
import { paperOf, shortName } from "./papers.js";
import { type Seed, type State, withSeed } from "./state.js";

type Change = (part: Partial<State>) => void;

export function seedChips(state: State, change: Change): HTMLElement[] {
  const chips = state.seeds.map((seed) => chip(seed, state.seeds, change));
  const { references } = state;
  if (references.length) chips.push(referencesChip(references, change));
  return chips;
}

function chip(seed: Seed, seeds: Seed[], change: Change): HTMLElement {
  const name = nameOf(seed);
  const full = seed.kind === "text" ? seed.value : (paperOf(seed.value)?.title ?? seed.value);
  const turn = (): void => change({ seeds: withSeed(seeds, { ...seed, negative: !seed.negative }) });
  return h(
    "li",
    { class: seed.negative ? "chip negative" : "chip" },
    h(
      "button",
      {
        type: "button",
        class: "sign",
        "data-focus": `sign ${seed.kind} ${seed.value}`,
        title: seed.negative ? "unlike this; press for like" : "like this; press for unlike",
        "aria-label": `${name} counts ${seed.negative ? "as unlike; count it as like" : "as like; count it as unlike"}`,
        click: turn,
      },
      seed.negative ? "−" : "+",
    ),
    h("span", { class: "name", title: full }, h("b", {}, name), seed.kind === "paper" && name !== full ? ` ${full}` : null),
    removal(name, () => change({ seeds: seeds.filter((each) => each !== seed) })),
  );
}

function referencesChip(references: string[], change: Change): HTMLElement {
  const name = counted(references.length, "reference");
  const titles = references.map((id) => h("li", {}, paperOf(id)?.title ?? id));
  return h(
    "li",
    { class: "chip references" },
    h("details", { class: "name" }, h("summary", {}, name), h("ul", {}, ...titles)),
    removal(name, () => change({ references: [] })),
  );
}

function removal(name: string, remove: () => void): HTMLElement {
  return h("button", { type: "button", class: "removal", "aria-label": `Remove ${name}`, title: "remove", click: remove }, "×");
}

function nameOf(seed: Seed): string {
  return seed.kind === "text" ? `“${shortened(seed.value, 60)}”` : shortName(seed.value);
}
