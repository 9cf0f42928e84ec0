// What holds of the reader's acts: as the server has it, with what is still on its way.

import { create } from "@bufbuild/protobuf";
import { feeds } from "../api.js";
import { explained } from "../errors.js";
import { EventKind, type GetReaderResponse, type ReaderPaper, ReaderPaperSchema } from "../generated/cocite/v1/feed_service_pb.js";
import type { Paper } from "../generated/cocite/v1/paper_pb.js";
import { becomeReader, reader } from "./identity.js";
import { type Act, add, flush, onRefusal, type Waiting, waiting } from "./outbox.js";

const PAGE_SIZE = 1000;
const MOST_PAGES = 10;

/** Told after every change of what holds; line says what went wrong, if anything. */
type Listener = (paperId: string, line: string) => void;

const papers = new Map<string, ReaderPaper>(); // by their ids, latest first
const listeners: Listener[] = [];

/** Ask what holds; nothing as long as nobody has acted. Returns what else the server told, its first page's. */
export async function loadActs(): Promise<GetReaderResponse | undefined> {
  const who = reader();
  papers.clear();
  if (!who) return undefined;
  let first: GetReaderResponse | undefined;
  for (let page = 0, pageToken = ""; page === 0 || (pageToken && page < MOST_PAGES); page += 1) {
    const answer = await feeds.getReader({ reader: who, pageSize: PAGE_SIZE, pageToken });
    first ??= answer;
    for (const each of answer.papers) if (each.paper) papers.set(each.paper.paperId, each);
    pageToken = answer.nextPageToken;
  }
  for (const event of waiting()) put(event.paperId, event.kind, !event.undo);
  return first;
}

/** The papers for which an act of this kind holds, latest first. */
export function papersWith(kind: EventKind): Paper[] {
  return [...papers.values()].flatMap((each) => (each.paper && each.kinds.includes(kind) ? each.paper : []));
}

export function holds(paperId: string, kind: EventKind): boolean {
  return papers.get(paperId)?.kinds.includes(kind) ?? false;
}

export function onChange(listener: Listener): void {
  listeners.push(listener);
}

/** Do it, or take it back: it holds at once here, and soon at the server. The first act makes a reader. */
export async function act(done: Act): Promise<void> {
  becomeReader();
  if (!add(done)) return tell(done.paperId, "Too much waits to be sent to the server: try again when it answers.");
  put(done.paperId, done.kind, !done.undo);
  tell(done.paperId, "");
  const failure = await flush();
  if (failure) tell(done.paperId, `${explained(failure).message} This is kept here, and sent as soon as it answers.`);
}

onRefusal(({ event, reason }) => {
  if (event.kind === EventKind.VIEW || event.kind === EventKind.CLICK || isOvertaken(event)) return;
  put(event.paperId, event.kind, event.undo);
  tell(event.paperId, `That was not taken: ${reason}.`);
});

/** Whether the reader has thought better of it since. */
function isOvertaken({ paperId, kind }: Waiting): boolean {
  return waiting().some((later) => later.paperId === paperId && later.kind === kind);
}

function put(paperId: string, kind: EventKind, on: boolean): void {
  const known = papers.get(paperId) ?? create(ReaderPaperSchema, { paper: { paperId } });
  const others = known.kinds.filter((each) => each !== kind);
  papers.set(paperId, { ...known, kinds: on ? [...others, kind] : others });
}

function tell(paperId: string, line: string): void {
  for (const listener of listeners) listener(paperId, line);
}
