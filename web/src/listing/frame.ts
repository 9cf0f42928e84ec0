// What the pages with lists have in common: one question at a time, its failure, what is said of it.

import { byId, h } from "../../shared/dom.js";
import { counted } from "../../shared/words.js";
import { degradedInWords } from "../../shared/shortcomings.js";
import { isSuperseded } from "../errors.js";
import { type Degradation, DegradedCause } from "../generated/cocite/v1/degradation_pb.js";
import { EventKind } from "../generated/cocite/v1/feed_service_pb.js";
import { describeModel } from "../model.js";
import { Notes } from "../notes.js";
import { holds, onChange } from "../reader/acts.js";
import { tellConsent } from "../reader/consent.js";
import { startSending } from "../reader/outbox.js";
import { watchTheme } from "../theme.js";
import type { Listed } from "./paper_item.js";

export const notes = (): Notes => (made ??= new Notes(byId("notes")));
let made: Notes | undefined;
let asking = new AbortController();

/** Ask something in place of what was asked before, if its answer is still out; tell of its failure. */
export async function ask(doing: (signal: AbortSignal) => Promise<void>): Promise<void> {
  asking.abort();
  const { signal } = (asking = new AbortController());
  notes().clear();
  document.body.setAttribute("aria-busy", "true");
  try {
    await doing(signal);
  } catch (error) {
    if (signal.aborted || isSuperseded(error)) return;
    say("");
    notes().fail(error, () => void ask(doing));
  } finally {
    if (!signal.aborted) document.body.setAttribute("aria-busy", "false");
  }
}

export function say(...line: (string | Node)[]): void {
  byId("status").replaceChildren(...line);
}

/** Where there are papers in any case. */
export function toNewPapers(): Node {
  return h("a", { href: "today" }, "the new papers");
}

export function tellDegraded(degraded: Degradation[]): void {
  for (const line of degradedInWords(degraded.map(({ cause }) => DegradedCause[cause]))) notes().say(line);
}

/** The papers that the reader has not dismissed, and a line on the others. */
export function withoutDismissed(listed: Listed[]): { left: Listed[]; line: string } {
  const left = listed.filter(({ paper }) => !holds(paper.paperId, EventKind.DISMISS));
  const count = listed.length - left.length;
  return { left, line: count ? ` ${counted(count, "paper")} that you dismissed ${count === 1 ? "is" : "are"} not shown.` : "" };
}

/** What every page does once. */
export function startPage(): void {
  watchTheme(byId("theme"));
  const consent = document.getElementById("kept");
  if (consent) {
    tellConsent(consent);
    onChange(() => tellConsent(consent));
  }
  startSending();
  void describeModel(byId("about"));
}
