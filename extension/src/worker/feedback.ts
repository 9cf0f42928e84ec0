// What readers say of papers. The only place that knows where it is kept: in this browser.

import type { Mark, Verb } from "../shared/messages";

const MOST_MARKS = 5000;

let last: Promise<unknown> = Promise.resolve();

/** Say something of a paper; what was said before is forgotten, and so is the oldest of too many. */
export function mark(said: Omit<Mark, "time">): Promise<void> {
  return change((marks) => [
    ...marks.filter((each) => each.paper.id !== said.paper.id).slice(1 - MOST_MARKS),
    { ...said, time: new Date().toISOString() },
  ]);
}

/** Take it back. */
export function unmark(id: string): Promise<void> {
  return change((marks) => marks.filter((each) => each.paper.id !== id));
}

export function forgetMarks(): Promise<void> {
  return change(() => []);
}

/** Oldest first. */
export async function allMarks(): Promise<Mark[]> {
  const { marks } = await chrome.storage.local.get("marks");
  return Array.isArray(marks) ? (marks as Mark[]) : []; // written by this module alone
}

export async function marksOf(ids: string[]): Promise<Record<string, Verb>> {
  const asked = new Set(ids);
  return Object.fromEntries((await allMarks()).flatMap((each) => (asked.has(each.paper.id) ? [[each.paper.id, each.verb]] : [])));
}

/** One change after the other, so that none is lost. */
function change(changed: (marks: Mark[]) => Mark[]): Promise<void> {
  const done = last.then(async () => chrome.storage.local.set({ marks: changed(await allMarks()) }));
  last = done.catch(() => undefined);
  return done;
}
