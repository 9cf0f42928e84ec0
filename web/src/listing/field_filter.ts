// The box that narrows a list to a field of study.

import { byId, h } from "../../shared/dom.js";

export class FieldFilter {
  #box = byId<HTMLInputElement>("field");
  #clear = byId<HTMLButtonElement>("clear-field");
  #known = new Set<string>();

  /** choose: called with the field, "" for all. */
  constructor(choose: (field: string) => void) {
    const chosen = (): void => choose(this.#box.value.trim());
    this.#box.addEventListener("change", chosen);
    byId<HTMLFormElement>("fields").addEventListener("submit", (event) => {
      event.preventDefault();
      chosen();
    });
    this.#clear.addEventListener("click", () => {
      this.#box.focus();
      choose("");
    });
  }

  show(field: string): void {
    this.#box.value = field;
    this.#clear.hidden = !field;
  }

  /** Offer fields beside those offered before. */
  offer(fields: Iterable<string>): void {
    for (const field of fields) this.#known.add(field);
    byId("known-fields").replaceChildren(...[...this.#known].sort().map((value) => h("option", { value })));
  }
}
