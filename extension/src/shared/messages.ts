// What panel and options ask of the service worker, and what it answers. No message carries the API key.

import type { PagePaper } from "./page_paper";
import type { Paper, RelatedPage, Seed } from "./papers";

export type Verb = "save" | "dismiss";

/** What the reader said of a paper, and the answer in which it stood. */
export interface Mark {
  verb: Verb;
  paper: Paper;
  rank: number;
  seeds: string[];
  attributionToken: string;
  modelVersion: string;
  /** ISO 8601. */
  time: string;
}

/** What became of feedback on its way to the server. sent: in words; trouble: what the reader should know, "" for none. */
export interface Delivery {
  sent: string[];
  trouble: string;
}

/** Each kind of message: what goes in, what comes back. */
export interface Messages {
  /** The paper of a tab; the panel within a page means its own. */
  page: { in: { tabId?: number }; out: { paper: PagePaper | null; readable: boolean } };
  /** Where questions go, and whether they go without a click. */
  setup: { in: object; out: { server: string; automatic: boolean } };
  /** The server's paper for some ids, or for a title; a text seed where it has none of the title; null if unknown. */
  resolve: { in: { ids: string[] } | { title: string }; out: Seed | null };
  related: { in: { seeds: Seed[]; pageToken: string }; out: RelatedPage };
  /** What was said of these papers. */
  marks: { in: { ids: string[] }; out: Record<string, Verb> };
  mark: { in: Omit<Mark, "time">; out: null };
  unmark: { in: { id: string }; out: null };
  /** Tells the server what was marked and unmarked. */
  deliver: { in: object; out: Delivery };
  options: { in: object; out: null };
  /** From the options alone. */
  check: { in: object; out: { modelVersion: string; paperCount: number } };
  allMarks: { in: object; out: Mark[] };
  forgetMarks: { in: object; out: null };
}

export type Kind = keyof Messages;
export type Message = { [K in Kind]: { kind: K } & Messages[K]["in"] }[Kind];

/** waitS: seconds before it makes sense to try again. remedy: "options" where those can help. */
export interface Failure {
  message: string;
  waitS: number;
  remedy: "retry" | "options";
}

export type Answer<T> = { ok: true; value: T } | { ok: false; failure: Failure };

/** A failure that can be told to the reader as it is. status: of HTTP, 0 where no answer came. */
export class Told extends Error {
  constructor(
    readonly failure: Failure,
    readonly status = 0,
  ) {
    super(failure.message);
  }
}

/** Ask the service worker. Raises Told. */
export async function ask<K extends Kind>(kind: K, body: Messages[K]["in"]): Promise<Messages[K]["out"]> {
  let answer: Answer<Messages[K]["out"]> | undefined;
  try {
    answer = (await chrome.runtime.sendMessage({ kind, ...body })) as typeof answer;
  } catch {
    answer = undefined; // the extension was updated or switched off while this page stayed open
  }
  if (!answer) throw new Told({ message: "The extension does not answer; reload this page.", waitS: 0, remedy: "retry" });
  if (!answer.ok) throw new Told(answer.failure);
  return answer.value;
}
