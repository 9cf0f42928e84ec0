// Years, venues and diversity.

import { byId, h } from "../shared/dom.js";
import { keepingFocus } from "./focus.js";
import { MOST, type State, yearOf } from "./state.js";

type Change = (part: Partial<State>) => void;

export class Filters {
  #from = byId<HTMLInputElement>("from");
  #to = byId<HTMLInputElement>("to");
  #venue = byId<HTMLInputElement>("venue");
  #venues = byId("venues");
  #known = byId("known-venues");
  #diversity = byId<HTMLInputElement>("diversity");
  #told = byId("diversity-told");
  #trouble = byId("filter-trouble");
  #change: Change;
  #state: () => State;
  #troubled: () => void;

  /** troubled: called when what the boxes hold begins or ceases to be something to ask for. */
  constructor(state: () => State, change: Change, troubled: () => void) {
    this.#state = state;
    this.#change = change;
    this.#troubled = troubled;
    for (const box of [this.#from, this.#to]) box.addEventListener("change", () => this.#years());
    this.#diversity.addEventListener("input", () => this.#tell());
    this.#diversity.addEventListener("change", () => change({ diversity: Number(this.#diversity.value) }));
    byId<HTMLFormElement>("filters").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#addVenue();
    });
    this.#venue.addEventListener("change", () => this.#addVenue());
    byId("clear-filters").addEventListener("click", () =>
      change({ minYear: undefined, maxYear: undefined, venues: [], diversity: 0 }),
    );
  }

  /** Whether the boxes hold what cannot be asked for. */
  get isTroubled(): boolean {
    return this.#trouble.textContent !== "";
  }

  /** Show what the state holds. */
  show({ minYear, maxYear, venues, diversity }: State): void {
    this.#from.value = minYear === undefined ? "" : String(minYear);
    this.#to.value = maxYear === undefined ? "" : String(maxYear);
    this.#diversity.value = String(diversity);
    this.#complain("");
    this.#tell();
    keepingFocus(this.#venues, this.#venue, () =>
      this.#venues.replaceChildren(...venues.map((venue) => this.#venueChip(venue))),
    );
    const set = minYear !== undefined || maxYear !== undefined || venues.length > 0 || diversity > 0;
    byId("clear-filters").hidden = !set;
  }

  /** Offer venues to choose from. */
  offer(venues: Iterable<string>): void {
    const names = [...new Set(venues)].filter(Boolean).sort((one, other) => one.localeCompare(other));
    this.#known.replaceChildren(...names.map((value) => h("option", { value })));
  }

  #years(): void {
    const [minYear, maxYear] = [yearOf(this.#from.value), yearOf(this.#to.value)];
    const wrong = [this.#from, this.#to].find((box) => box.value.trim() && yearOf(box.value) === undefined);
    if (wrong) this.#complain(`“${wrong.value}” is no year.`);
    else if (minYear !== undefined && maxYear !== undefined && minYear > maxYear) {
      this.#complain(`No year is both from ${minYear} on and up to ${maxYear}.`);
    } else {
      this.#complain("");
      this.#change({ minYear, maxYear });
    }
  }

  #addVenue(): void {
    const venue = this.#venue.value.trim();
    const { venues } = this.#state();
    if (!venue || venues.includes(venue) || venues.length >= MOST.venues) return;
    this.#venue.value = "";
    this.#change({ venues: [...venues, venue] });
  }

  #venueChip(venue: string): HTMLElement {
    const remove = (): void => this.#change({ venues: this.#state().venues.filter((each) => each !== venue) });
    return h(
      "li",
      { class: "chip" },
      h("span", { class: "name" }, venue),
      h("button", { type: "button", class: "removal", "aria-label": `Remove ${venue}`, click: remove }, "×"),
    );
  }

  #complain(line: string): void {
    if (line === this.#trouble.textContent) return;
    this.#trouble.textContent = line;
    for (const box of [this.#from, this.#to]) box.setAttribute("aria-invalid", String(this.isTroubled));
    this.#troubled();
  }

  #tell(): void {
    const percent = Math.round(Number(this.#diversity.value) * 100);
    this.#told.textContent = percent === 0 ? "off" : `${percent} %`;
    this.#diversity.setAttribute("aria-valuetext", this.#told.textContent);
  }
}
