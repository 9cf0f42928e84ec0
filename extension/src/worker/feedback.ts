// What readers say of papers: kept in this browser, and told to the server.

import type { Mark, Verb } from "../shared/messages";
import { eventsOf } from "./events";
import { enqueue, forgetReader } from "./outbox";

const MOST_MARKS = 5000;

let last: Promise<unknown> = Promise.resolve();

/** Say something of a paper; what was said before is forgotten, and so is the oldest of too many. */
export function mark(said: Omit<Mark, "time">): Promise<void> {
  return say(said.paper.id, { ...said, time: new Date().toISOString() });
}

/** Take it back. */
export function unmark(id: string): Promise<void> {
  return say(id, undefined);
}

/** Forget all, here and at the server. Raises Told when the server could not be told. */
export async function forgetMarks(): Promise<void> {
  await change(async () => chrome.storage.local.set({ marks: [] }));
  await forgetReader();
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

function say(id: string, now: Mark | undefined): Promise<void> {
  return change(async () => {
    const marks = await allMarks();
    const others = marks.filter((each) => each.paper.id !== id);
    await chrome.storage.local.set({ marks: now ? [...others.slice(1 - MOST_MARKS), now] : others });
    await enqueue(eventsOf(marks.find((each) => each.paper.id === id), now));
  });
}

/** One change after the other, so that none is lost. */
function change(changing: () => Promise<void>): Promise<void> {
  const done = last.then(changing);
  last = done.catch(() => undefined);
  return done;
}
