// The box where seeds are typed, pasted and dropped. It resolves as one types.

import { byId, h } from "../shared/dom.js";
import { counted, shortened } from "../shared/words.js";
import { isSuperseded } from "./errors.js";
import { keepingFocus } from "./focus.js";
import { Notes } from "./notes.js";
import { paperOf, shortNameOf } from "./papers.js";
import { isBibtex, recognise, type Recognised } from "./recognise.js";

const PAUSE_MS = 150; // in typing, before the text is looked up
const MOST_FILE_BYTES = 2_000_000;
const UNKNOWN_SHOWN = 5;

export interface Taken {
  papers: string[];
  text: string | undefined;
}

export class Entry {
  #box = byId<HTMLTextAreaElement>("entry");
  #offers = byId("offers");
  #notes = new Notes(byId("entry-notes"));
  #take: (taken: Taken) => void;
  #before = ""; // what the box held when it last changed
  #timer = 0;
  #asking = new AbortController();

  /** take: what to do with what the reader chose. */
  constructor(take: (taken: Taken) => void) {
    this.#take = take;
    this.#box.addEventListener("input", (event) => this.#typed(event as InputEvent));
    this.#box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.#lookUp(this.#box.value, true);
    });
    byId<HTMLFormElement>("entry-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#lookUp(this.#box.value, true);
    });
    const file = byId<HTMLInputElement>("file");
    file.addEventListener("change", () => {
      if (file.files?.[0]) void this.#open(file.files[0]);
      file.value = "";
    });
    this.#watchDrops();
  }

  focus(): void {
    this.#box.focus();
  }

  /** What is pasted into the empty box is taken at once, what is typed is offered. */
  #typed(event: InputEvent): void {
    clearTimeout(this.#timer);
    const text = this.#box.value;
    const pasted = event.inputType === "insertFromPaste" && this.#before === "";
    this.#before = text.trim();
    this.#timer = setTimeout(() => void this.#lookUp(text, pasted), pasted ? 0 : PAUSE_MS);
  }

  /** Look the text up; take the first that it may mean, or offer all. */
  async #lookUp(text: string, take: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.#notes.clear();
    if (!text.trim()) {
      this.#offers.replaceChildren();
      return;
    }
    if (isBibtex(text) || take) this.#offers.replaceChildren(h("p", { class: "busy" }, "Looking it up…"));
    try {
      const found = await recognise(text, signal);
      if (signal.aborted) return;
      if (take && (found.papers.length || found.text !== undefined)) this.#choose(found);
      else this.#offer(found);
    } catch (error) {
      if (signal.aborted || isSuperseded(error)) return;
      this.#offers.replaceChildren();
      this.#notes.fail(error, () => void this.#lookUp(text, take));
    }
  }

  #choose({ papers, text, unknown }: Recognised): void {
    this.#box.value = "";
    this.#before = "";
    keepingFocus(this.#offers, this.#box, () => this.#offers.replaceChildren());
    this.#sayUnknown(unknown);
    this.#take(papers.length ? { papers, text: undefined } : { papers: [], text });
  }

  #offer(found: Recognised): void {
    const { papers, text, unknown } = found;
    this.#offers.replaceChildren();
    const offer = (words: string, chosen: Recognised): void =>
      this.#offers.append(h("button", { type: "button", class: "offer", click: () => this.#choose(chosen) }, words));
    if (papers.length === 1) {
      const paper = paperOf(papers[0]!);
      offer(paper ? `Add ${shortNameOf(paper)}: ${paper.title}` : `Add ${papers[0]}`, { ...found, text: undefined });
    } else if (papers.length) offer(`Add ${counted(papers.length, "paper")}`, found);
    if (text !== undefined) offer(`Search by the words “${shortened(text, 80)}”`, { ...found, papers: [] });
    this.#sayUnknown(unknown);
  }

  #sayUnknown(unknown: string[]): void {
    this.#notes.clear();
    if (!unknown.length) return;
    const names = unknown.slice(0, UNKNOWN_SHOWN).map((each) => `“${shortened(each, 80)}”`);
    const more = unknown.length - names.length;
    this.#notes.say(`Not in the catalogue: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`);
  }

  async #open(file: File): Promise<void> {
    this.#notes.clear();
    if (file.size > MOST_FILE_BYTES) {
      this.#notes.say(`${file.name} is larger than ${MOST_FILE_BYTES / 1e6} MB: drop a part of it.`);
      return;
    }
    const text = await file.text();
    if (isBibtex(text)) await this.#lookUp(text, true);
    else this.#notes.say(`${file.name} holds no BibTeX entries: drop a .bib file, or paste ids or titles.`);
  }

  #watchDrops(): void {
    const page = document.documentElement;
    page.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      page.classList.add("dropping");
    });
    page.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) page.classList.remove("dropping");
    });
    page.addEventListener("drop", (event) => {
      page.classList.remove("dropping");
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      void this.#open(file);
    });
  }
}
