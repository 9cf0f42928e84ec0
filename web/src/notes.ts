// Lines that tell the reader what is amiss, below each other, in one live region.

import { h } from "../shared/dom.js";
import { explained } from "./errors.js";
import { useKey } from "./key.js";

const TICK_MS = 1000;

export class Notes {
  #place: HTMLElement;
  #timer = 0;
  #waiting: (() => void)[] = []; // for a key

  /** place: a live region. */
  constructor(place: HTMLElement) {
    this.#place = place;
  }

  clear(): void {
    clearInterval(this.#timer);
    this.#waiting = [];
    this.#place.replaceChildren();
  }

  /** A line, with something to do about it perhaps. */
  say(line: string, remedy?: { label: string; act: () => void }): void {
    this.#place.append(
      h("p", { class: "note" }, h("span", {}, line), remedy && h("button", { type: "button", click: remedy.act }, remedy.label)),
    );
  }

  /** The failure, alone, with a button to try again; it waits as long as the server asks for. */
  fail(error: unknown, retry: () => void): void {
    const { message, waitS, needsKey } = explained(error);
    if (needsKey && this.#waiting.length) {
      this.#waiting.push(retry); // the form is there, and somebody may be typing
      return;
    }
    this.clear();
    if (needsKey) {
      this.#waiting = [retry];
      const again = (): void => this.#waiting.splice(0).forEach((each) => each());
      this.#place.append(h("div", { class: "note failure" }, h("span", {}, message), keyForm(again)));
      return;
    }
    let left = Math.ceil(waitS);
    const button = h("button", { type: "button", click: () => left <= 0 && retry() });
    const tell = (): void => {
      button.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
      button.setAttribute("aria-disabled", String(left > 0));
      if (left <= 0) clearInterval(this.#timer);
      left -= 1;
    };
    tell();
    if (left >= 0) this.#timer = setInterval(tell, TICK_MS);
    this.#place.append(h("p", { class: "note failure" }, h("span", {}, message), button));
  }
}

/** Asks for a key, then tries again. */
function keyForm(retry: () => void): HTMLElement {
  const box = h("input", { type: "password", autocomplete: "off", required: true, maxlength: 500 });
  const use = (event: Event): void => {
    event.preventDefault();
    useKey(box.value);
    retry();
  };
  return h("form", { submit: use }, h("label", {}, "Key ", box), " ", h("button", { type: "submit" }, "Use this key"));
}
