// Lines of text that tell how things stand, and what can be done.

import { h } from "../../../web/shared/dom.js";
import { ask, type Failure } from "../shared/messages";

export function notice(words: string): HTMLElement {
  return h("p", { class: "notice" }, words);
}

/** A failure in one line; again: tries once more, as soon as that makes sense; byTitle: asks in another way. */
export function failureLine(failure: Failure, again: () => void, byTitle?: () => void): HTMLElement {
  const retry = h("button", { type: "button", click: again }, "Try again");
  if (failure.waitS) countDown(retry, failure.waitS);
  return h(
    "div",
    { class: "failure" },
    notice(failure.message),
    h(
      "div",
      { class: "actions" },
      retry,
      byTitle && h("button", { type: "button", click: byTitle }, "Ask by its title"),
      failure.remedy === "options" && h("button", { type: "button", click: () => void ask("options", {}) }, "Open the options"),
    ),
  );
}

/** Keep a button from being used for some seconds; it says how many are left. */
function countDown(button: HTMLButtonElement, seconds: number): void {
  const end = Date.now() + 1000 * seconds;
  const words = button.textContent;
  const tick = (): void => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${words} in ${left} s` : words;
    if (left > 0 && (button.isConnected || left === seconds)) setTimeout(tick, 250);
  };
  tick();
}
