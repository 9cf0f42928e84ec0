// What the server is told of what readers say of papers: events of cocite.v1.FeedService, as JSON has them.

import { list, record, text } from "../shared/checked";
import type { Mark, Verb } from "../shared/messages";

const MOST_POSITION = 10_000;
const KINDS: Record<Verb, string> = { save: "EVENT_KIND_SAVE", dismiss: "EVENT_KIND_DISMISS" };
const TOLD: Record<string, string> = { EVENT_KIND_SAVE: "save", EVENT_KIND_DISMISS: "dismissal" };
const KEPT = new Set(["EVENT_STATUS_RECORDED", "EVENT_STATUS_RECORDED_AHEAD", "EVENT_STATUS_DUPLICATE"]);

/** An event but for its reader. */
export interface FeedEvent {
  eventId: string;
  kind: string;
  paperId: string;
  undo: boolean;
  attributionToken: string;
  position: number;
  /** ISO 8601; the time of its coming when absent. */
  occurredAt?: string;
}

/** The events that lead from what was said of a paper before to what is said now, in their order. */
export function eventsOf(before: Mark | undefined, now: Mark | undefined): FeedEvent[] {
  if (before?.verb === now?.verb) return [];
  return [...(before ? [eventOf(before, true)] : []), ...(now ? [eventOf(now, false)] : [])];
}

function eventOf(mark: Mark, undo: boolean): FeedEvent {
  return {
    eventId: crypto.randomUUID(),
    kind: KINDS[mark.verb],
    paperId: mark.paper.id,
    undo,
    attributionToken: /^[!-~]{1,256}$/.test(mark.attributionToken) ? mark.attributionToken : "",
    position: mark.rank > 0 && mark.rank <= MOST_POSITION ? mark.rank : 0,
    occurredAt: undo ? new Date().toISOString() : mark.time,
  };
}

/** "save of doi:10.1/a", or what took it back. */
export function eventInWords({ kind, paperId, undo }: FeedEvent): string {
  return `${undo ? "undone " : ""}${TOLD[kind]} of ${paperId}`;
}

/** What became of events: waiting are to be sent again, refused never will be kept. */
export interface Settled {
  kept: FeedEvent[];
  waiting: FeedEvent[];
  refused: FeedEvent[];
}

/** What became of the events that were sent, by the server's answer; what it leaves out waits. */
export function settled(sent: FeedEvent[], answer: Record<string, unknown>): Settled {
  const statuses = new Map(list(answer["results"]).map((each) => [text(record(each)["eventId"]), text(record(each)["status"])]));
  const became: Settled = { kept: [], waiting: [], refused: [] };
  for (const event of sent) {
    const status = statuses.get(event.eventId);
    if (status === undefined || status === "EVENT_STATUS_FLOODED") became.waiting.push(event);
    else if (status === "EVENT_STATUS_IN_FUTURE" && event.occurredAt) became.waiting.push(withoutTime(event));
    else became[KEPT.has(status) ? "kept" : "refused"].push(event);
  }
  return became;
}

/** For a computer whose clock is ahead: the event counts from when it comes. */
function withoutTime({ occurredAt: _, ...event }: FeedEvent): FeedEvent {
  return event;
}
