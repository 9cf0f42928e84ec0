// Who reads: a random name that this browser gives itself at the reader's first act, and not before.
// Whoever knows it is that reader, so it goes to the server alone, and into no address.

import { forget, keep, kept } from "./storage.js";

const NAME = "cocite-reader";
const FORM = /^[0-9a-f]{64}$/;
const SESSION_BYTES = 32;
const EVENT_BYTES = 16;

/** How requests name the reader. */
export interface Reader {
  who: { case: "sessionId"; value: string };
}

/** The reader; undefined as long as nobody has acted in this browser. */
export function reader(): Reader | undefined {
  const value = kept(NAME);
  return value && FORM.test(value) ? { who: { case: "sessionId", value } } : undefined;
}

/** The reader, who begins to be one by this. */
export function becomeReader(): Reader {
  if (!reader()) keep(NAME, randomHex(SESSION_BYTES));
  return reader()!;
}

export function forgetReader(): void {
  forget(NAME);
}

/** An id for an event, as unlikely to come twice as a UUID, which pages without TLS cannot make. */
export function newEventId(): string {
  return randomHex(EVENT_BYTES);
}

function randomHex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
