// Events on their way to the server. They wait in this browser until it has answered for them, and keep their ids, so
// that sending one again does no harm. Of too many, those that nobody would miss are dropped first.

import { Code, ConnectError } from "@connectrpc/connect";
import { eventsClient } from "../api.js";
import { EventKind, EventStatus } from "../generated/cocite/v1/feed_service_pb.js";
import { newEventId, reader } from "./identity.js";
import { forget, keep, kept } from "./storage.js";

/** What the reader did with a paper. token, position: of the answer that led to it, "" and 0 for none. */
export interface Act {
  kind: EventKind;
  paperId: string;
  undo: boolean;
  token: string;
  position: number;
}

export interface Waiting extends Act {
  eventId: string;
}

/** An event that the server does not keep, and why. */
export interface Refusal {
  event: Waiting;
  reason: string;
}

const NAME = "cocite-events";
const MOST = 200;
const MOST_A_REQUEST = 100; // so that a request fits what browsers send while a page closes, 64 KiB
const PAUSE_MS = 5000; // between requests for what nobody waits for
const LONGEST_PAUSE_MS = 300_000;
const DROPPED_FIRST = [EventKind.VIEW, EventKind.CLICK];
const REASONS: Partial<Record<EventStatus, string>> = {
  [EventStatus.CONFLICT]: "the server has something else by this name",
  [EventStatus.MALFORMED_ID]: "the server does not know ids like this paper's",
  [EventStatus.IN_FUTURE]: "the server's clock is behind",
  [EventStatus.FLOODED]: "that was too much for now, try again later",
  [EventStatus.NOT_ALLOWED]: "this reader may not act here",
};

let running: Promise<void> | undefined;
let timer = 0;
let failures = 0;
let failure: unknown;
const listeners: ((refusal: Refusal) => void)[] = [];

/** Called for each event that the server does not keep. */
export function onRefusal(listener: (refusal: Refusal) => void): void {
  listeners.push(listener);
}

/** Let an event wait to be sent; false if too many wait already. */
export function add(act: Act): boolean {
  const events = waiting();
  if (events.length >= MOST) {
    const place = DROPPED_FIRST.map((kind) => events.findIndex((each) => each.kind === kind)).find((index) => index >= 0);
    if (place === undefined) return false;
    events.splice(place, 1);
  }
  store([...events, { ...act, eventId: newEventId() }]);
  return true;
}

/** What waits, in its order. */
export function waiting(): Waiting[] {
  try {
    const events: unknown = JSON.parse(kept(NAME) ?? "[]");
    return Array.isArray(events) ? (events as Waiting[]) : []; // written by this module alone
  } catch {
    return [];
  }
}

export function dropAll(): void {
  forget(NAME);
}

/** Send what waits, now. What could not be sent is tried again later; the error says why. */
export async function flush(): Promise<unknown> {
  clearTimeout(timer);
  timer = 0;
  running ??= drain().finally(() => (running = undefined));
  await running;
  return failure;
}

/** Send what waits, then do something during which nothing is sent. Throws what that throws. */
export async function withoutSending(work: () => Promise<void>): Promise<void> {
  await flush();
  const working = work();
  running = working.catch(() => undefined).finally(() => (running = undefined));
  await working;
}

/** Send what waits within a few seconds, together with what comes until then. */
export function flushSoon(): void {
  timer ||= setTimeout(() => void flush(), Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** failures));
}

/** Send as long as the page is there, and what is left when it closes. */
export function startSending(): void {
  addEventListener("online", () => void flush());
  addEventListener("pagehide", () => void flush());
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && void flush());
  void flush();
}

async function drain(): Promise<void> {
  failure = undefined;
  try {
    for (let batch = next(); batch.length; batch = next()) await send(batch);
    failures = 0;
  } catch (error) {
    failure = error;
    failures += 1;
    flushSoon();
  }
}

function next(): Waiting[] {
  return waiting().slice(0, MOST_A_REQUEST);
}

/** Send some; an event that the server finds fault with is found by sending halves, and dropped. */
async function send(batch: Waiting[]): Promise<void> {
  const who = reader();
  if (!who) return remove(batch); // they are of a reader who has been deleted
  try {
    const events = batch.map(({ token, ...event }) => ({ ...event, reader: who, attributionToken: token }));
    const { results } = await eventsClient.recordEvents({ events });
    remove(batch);
    const reasons = new Map(results.map(({ eventId, status }) => [eventId, REASONS[status]]));
    for (const event of batch) refuse(event, reasons.get(event.eventId));
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    if (code !== Code.InvalidArgument && code !== Code.PermissionDenied) throw error;
    if (batch.length > 1 && code === Code.InvalidArgument) {
      const half = Math.ceil(batch.length / 2);
      await send(batch.slice(0, half));
      return send(batch.slice(half));
    }
    remove(batch);
    for (const event of batch) refuse(event, rawMessage);
  }
}

function refuse(event: Waiting, reason: string | undefined): void {
  if (reason) for (const listener of listeners) listener({ event, reason });
}

function remove(sent: Waiting[]): void {
  const ids = new Set(sent.map((each) => each.eventId));
  store(waiting().filter((each) => !ids.has(each.eventId)));
}

function store(events: Waiting[]): void {
  if (events.length) keep(NAME, JSON.stringify(events));
  else forget(NAME);
}
