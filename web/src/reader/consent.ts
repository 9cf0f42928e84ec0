// Whether what the reader sees and opens is told to the server. Never before the reader has acted or agreed, nor where
// the browser asks not to be followed.

import { h } from "../../shared/dom.js";
import { becomeReader, reader } from "./identity.js";
import { keep, kept } from "./storage.js";

const NAME = "cocite-watching";

/** Global Privacy Control (https://globalprivacycontrol.org) and its forerunner. */
interface Signals {
  globalPrivacyControl?: boolean;
  doNotTrack?: string | null;
}

export function isWatched(): boolean {
  return reader() !== undefined && !asksNotTo() && kept(NAME) !== "off";
}

/** Say how things stand, with a way to change them, in place and again after each change. */
export function tellConsent(place: HTMLElement): void {
  const again = (): void => tellConsent(place);
  const set = (value: "on" | "off") => () => {
    keep(NAME, value);
    if (value === "on") becomeReader();
    again();
    place.querySelector("button")?.focus();
  };
  place.replaceChildren(...lineOf(set));
}

function lineOf(set: (value: "on" | "off") => () => void): (string | Node)[] {
  const button = (words: string, value: "on" | "off"): HTMLElement => h("button", { type: "button", class: "link", click: set(value) }, words);
  if (asksNotTo()) {
    return ["Your browser asks not to be tracked: only what you save, upvote or dismiss is kept, under a random name of this browser."];
  }
  if (!reader()) {
    return [
      "Nothing of you is kept until you save, upvote or dismiss a paper. From then on that is, and which papers you see and open " +
        "here, under a random name that this browser makes up. My library shows it all, and deletes it. ",
      button("Count what I see and open already", "on"),
    ];
  }
  return isWatched()
    ? ["Which papers you see and open here shapes your feed, under a random name of this browser. ", button("Stop counting that", "off")]
    : ["Only what you save, upvote or dismiss is kept, under a random name of this browser. ", button("Count what I see and open, too", "on")];
}

function asksNotTo(): boolean {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & Signals;
  return globalPrivacyControl === true || doNotTrack === "1";
}
