// Which papers the reader has had before their eyes, and opened.

import { EventKind } from "../generated/cocite/v1/feed_service_pb.js";
import { isWatched } from "./consent.js";
import { add, flushSoon } from "./outbox.js";

/** A paper as it was shown. token, position: of the answer that it came with. */
export interface Shown {
  paperId: string;
  token: string;
  position: number;
}

const SEEN_MS = 1000;
const STEPS = [0, 0.25, 0.5, 0.75, 1];

const shown = new WeakMap<Element, Shown>();
const inView = new Map<Element, number>(); // with their timers
const told = new Set<string>(); // once a page each

const observer = new IntersectionObserver((entries) => {
  for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
    const fills = rootBounds !== null && intersectionRect.height >= rootBounds.height / 2; // of one longer than the screen
    if (intersectionRatio >= 0.5 || fills) watch(target);
    else unwatch(target);
  }
}, { threshold: STEPS });

document.addEventListener("visibilitychange", () => {
  for (const element of inView.keys()) rewatch(element);
});

/** A paper is seen once half of it has been on the screen for a second. */
export function watchSeeing(element: Element, paper: Shown): void {
  shown.set(element, paper);
  observer.observe(element);
}

export function stopSeeing(elements: Iterable<Element>): void {
  for (const element of elements) {
    observer.unobserve(element);
    unwatch(element);
  }
}

export function opened(paper: Shown): void {
  note(EventKind.CLICK, paper);
}

function watch(element: Element): void {
  if (!inView.has(element)) rewatch(element);
}

function rewatch(element: Element): void {
  clearTimeout(inView.get(element));
  inView.set(element, document.visibilityState === "visible" ? setTimeout(() => see(element), SEEN_MS) : 0);
}

function unwatch(element: Element): void {
  clearTimeout(inView.get(element));
  inView.delete(element);
}

function see(element: Element): void {
  const paper = shown.get(element);
  if (paper && element.isConnected) note(EventKind.VIEW, paper);
}

function note(kind: EventKind, { paperId, token, position }: Shown): void {
  const name = `${kind} ${paperId}`;
  if (!isWatched() || told.has(name)) return;
  told.add(name);
  if (add({ kind, paperId, undo: false, token, position })) flushSoon();
}
