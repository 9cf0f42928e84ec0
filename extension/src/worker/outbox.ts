// Events on their way to the server. They wait in this browser until it has kept them, or will never take them.

import { Told, type Delivery } from "../shared/messages";
import { readSettings } from "../shared/settings";
import { eventInWords, settled, type FeedEvent } from "./events";
import { askServer } from "./server";

const MOST_WAITING = 200;
const MOST_READERS = 20;
const SESSION_BYTES = 32;
// Of a server without feeds, or one that will not take these events however often they come
const FINAL = new Set([400, 404, 405, 413, 501]);

interface Waiting {
  server: string;
  event: FeedEvent;
}

let last: Promise<unknown> = Promise.resolve();

/** Keep events for the server that is asked now; too many push out the oldest. */
export function enqueue(events: FeedEvent[]): Promise<void> {
  return inTurn(async () => {
    if (!events.length) return;
    const { server } = await readSettings();
    await sessionOf(server);
    await write([...(await waiting()), ...events.map((event) => ({ server, event }))]);
  });
}

/** Send what waits for the server that is asked now; every try of an event has the same id. */
export function deliver(): Promise<Delivery> {
  return inTurn(async () => {
    const { server } = await readSettings();
    const all = await waiting();
    const events = all.flatMap((each) => (each.server === server ? [each.event] : []));
    if (!events.length) return { sent: [], trouble: "" };
    const others = all.filter((each) => each.server !== server);
    const reader = { sessionId: await sessionOf(server) };
    const sent = events.map(eventInWords);
    try {
      const answer = await askServer("/v1/events:record", { events: events.map((event) => ({ ...event, reader })) });
      const { waiting: left, refused } = settled(events, answer);
      await write([...others, ...left.map((event) => ({ server, event }))]);
      return { sent, trouble: troubleOf(left.length, refused.length) };
    } catch (error) {
      if (!(error instanceof Told)) throw error;
      if (!FINAL.has(error.status)) return { sent: [], trouble: `${error.failure.message} Kept in this browser, and sent later.` };
      await write(others);
      const why = error.status === 400 || error.status === 413 ? error.failure.message : `${server} takes no feedback.`;
      return { sent: [], trouble: `${why} Kept in this browser alone.` };
    }
  });
}

/** Forget what waits and, once it is deleted at the server that is asked now, the reader's name there. Raises Told. */
export function forgetReader(): Promise<void> {
  return inTurn(async () => {
    const { server } = await readSettings();
    await write([]);
    const all = await sessions();
    const sessionId = all[server];
    if (!sessionId) return;
    try {
      await askServer("/v1/readers:delete", { reader: { sessionId } });
    } catch (error) {
      if (!(error instanceof Told) || ![404, 405, 501].includes(error.status)) throw error; // nothing is held there
    }
    const { [server]: _, ...others } = all;
    await chrome.storage.local.set({ sessions: others });
  });
}

function troubleOf(left: number, refused: number): string {
  if (refused) return "The server did not take it. Kept in this browser alone.";
  return left ? "The server takes no more just now. Kept in this browser, and sent later." : "";
}

/** The random name of this reader at a server: each has one of its own, so that servers cannot compare them. */
async function sessionOf(server: string): Promise<string> {
  const known = await sessions();
  const session = known[server] ?? randomName();
  if (!known[server]) {
    const kept = Object.entries(known).slice(1 - MOST_READERS);
    await chrome.storage.local.set({ sessions: Object.fromEntries([...kept, [server, session]]) });
  }
  return session;
}

function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SESSION_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Both are written by this module alone
async function sessions(): Promise<Record<string, string>> {
  const kept = await chrome.storage.local.get("sessions");
  return (kept["sessions"] ?? {}) as Record<string, string>;
}

async function waiting(): Promise<Waiting[]> {
  const kept = await chrome.storage.local.get("waiting");
  return (kept["waiting"] ?? []) as Waiting[];
}

async function write(events: Waiting[]): Promise<void> {
  await chrome.storage.local.set({ waiting: events.slice(-MOST_WAITING) });
}

/** One after the other, so that nothing is lost or sent twice at once. */
function inTurn<T>(doing: () => Promise<T>): Promise<T> {
  const done = last.then(doing);
  last = done.catch(() => undefined);
  return done;
}
