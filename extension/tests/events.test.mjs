import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { load } from "./load.mjs";

const { eventInWords, eventsOf, settled } = await load("worker/events.ts");
const paper = { id: "doi:10.1/a", title: "", authors: [], year: undefined, venue: "", hasAbstract: false };
const mark = (verb, more = {}) => ({ verb, paper, rank: 3, seeds: [], attributionToken: "t", modelVersion: "1", time: "2026-01-01T00:00:00.000Z", ...more });
const told = (before, now) => eventsOf(before, now).map(eventInWords);

test("events lead from what was said to what is said", () => {
  assert.deepEqual(told(undefined, mark("save")), ["save of doi:10.1/a"]);
  assert.deepEqual(told(mark("save"), undefined), ["undone save of doi:10.1/a"]);
  assert.deepEqual(told(mark("save"), mark("dismiss")), ["undone save of doi:10.1/a", "dismissal of doi:10.1/a"]);
  assert.deepEqual(told(mark("save"), mark("save")), []);
  assert.deepEqual(told(undefined, undefined), []);
});

test("an event is one that the server takes", async () => {
  const proto = await readFile(new URL("../../protos/cocite/v1/feed_service.proto", import.meta.url), "utf8");
  const [event] = eventsOf(undefined, mark("dismiss"));
  assert.match(event.eventId, /^[0-9a-f-]{36}$/);
  assert.deepEqual({ ...event, eventId: "" }, {
    eventId: "",
    kind: "EVENT_KIND_DISMISS",
    paperId: "doi:10.1/a",
    undo: false,
    attributionToken: "t",
    position: 3,
    occurredAt: "2026-01-01T00:00:00.000Z",
  });
  for (const name of [event.kind, "EVENT_KIND_SAVE", "EVENT_STATUS_IN_FUTURE", "EVENT_STATUS_FLOODED", "EVENT_STATUS_RECORDED_AHEAD"]) {
    assert.match(proto, new RegExp(`\\b${name} = `));
  }
  const [strange] = eventsOf(undefined, mark("save", { attributionToken: "ü".repeat(300), rank: 20_000 }));
  assert.deepEqual([strange.attributionToken, strange.position], ["", 0]);
});

test("what became of events, by the server's answer", () => {
  const events = ["RECORDED", "RECORDED_AHEAD", "DUPLICATE", "FLOODED", "IN_FUTURE", "CONFLICT", "MALFORMED_ID", "NOT_ALLOWED", ""].map(
    (eventId) => ({ eventId, occurredAt: "2026-01-01T00:00:00Z" }),
  );
  const results = events.slice(0, -1).map(({ eventId }) => ({ eventId, status: `EVENT_STATUS_${eventId}` }));
  const names = (all) => all.map(({ eventId }) => eventId);
  const { kept, waiting, refused } = settled(events, { results });
  assert.deepEqual(names(kept), ["RECORDED", "RECORDED_AHEAD", "DUPLICATE"]);
  assert.deepEqual(names(waiting), ["FLOODED", "IN_FUTURE", ""]);
  assert.deepEqual(names(refused), ["CONFLICT", "MALFORMED_ID", "NOT_ALLOWED"]);
  assert.equal(waiting[1].occurredAt, undefined); // comes again without a time
  assert.deepEqual(names(settled([waiting[1]], { results }).refused), ["IN_FUTURE"]);
  assert.deepEqual(settled(events, {}).waiting, events);
});
