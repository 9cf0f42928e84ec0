// What the server holds of the reader: how much, the private feed, subscriptions; and the end of it all.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { byId, h } from "../../shared/dom.js";
import { counted } from "../../shared/words.js";
import { feeds } from "../api.js";
import { copied } from "../copying.js";
import { explained } from "../errors.js";
import { DigestPeriod, type GetReaderResponse, type Subscription } from "../generated/cocite/v1/feed_service_pb.js";
import { FEED_FORMATS } from "../listing/feed_links.js";
import { forgetReader, type Reader, reader } from "./identity.js";
import { dropAll, withoutSending } from "./outbox.js";

const DAY = new Intl.DateTimeFormat("en", { dateStyle: "long" });

/** held: what the server told; undefined as long as nobody has acted. */
export function showMine(held: GetReaderResponse | undefined): void {
  byId("mine").hidden = !held;
  if (!held) return;
  const since = held.firstEventAt ? `, the first of ${DAY.format(timestampDate(held.firstEventAt))}` : "";
  byId("held").textContent = `${counted(Number(held.eventCount), "event")}${since}, under a random name that only this browser knows.`;
  byId("subscriptions").replaceChildren(...held.subscriptions.map((each) => h("p", {}, subscribed(each))));
  showPrivateFeed(held.feedToken);
}

/** Let the reader delete everything, after a question. deleted: called when it is done, with a line on it. */
export function watchDeleting(deleted: (line: string) => void): void {
  const dialog = byId<HTMLDialogElement>("sure");
  byId("delete").addEventListener("click", () => {
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    const who = reader();
    if (dialog.returnValue === "yes" && who) void telling(async () => deleted(await deleteAll(who)));
  });
}

async function deleteAll(who: Reader): Promise<string> {
  let count = 0;
  await withoutSending(async () => {
    count = Number((await feeds.deleteReader({ reader: who })).deletedEvents);
    forgetReader();
    dropAll();
  });
  return `Everything about you is deleted: ${counted(count, "event")}, and the random name of this browser.`;
}

function showPrivateFeed(token: string): void {
  const place = byId("private");
  if (!token) return place.replaceChildren();
  const address = (form: string): string => new URL(`feeds/reader.${form}?token=${token}`, document.baseURI).href;
  const box = h("input", { id: "feed-address", readonly: true, value: address("atom"), focus: () => box.select() });
  const forms = h("select", { "aria-label": "Format", change: () => (box.value = address(forms.value)) });
  forms.append(...Object.entries(FEED_FORMATS).map(([words, value]) => h("option", { value }, words)));
  const copy = h("button", { type: "button", click: () => void copied(copy, box.value, "Copy it from the box") }, "Copy address");
  const anew = h("button", { type: "button", id: "rotate", click: () => void telling(rotate) }, "Make it anew");
  place.replaceChildren(
    h("label", { for: "feed-address" }, "Your feed in a feed reader"),
    h("div", { class: "box" }, box, forms, copy, anew),
    h("p", { class: "soft" }, "Whoever has this address can read your feed, and nothing else. Once it is made anew, the old one ends."),
  );
}

async function rotate(): Promise<void> {
  const who = reader();
  if (!who) return;
  showPrivateFeed((await feeds.rotateFeedToken({ reader: who })).feedToken);
  byId("rotate").focus();
  say("The address is new. The old one has ended.");
}

function subscribed({ maskedEmail, period, confirmed, fields }: Subscription): string {
  const often = period === DigestPeriod.WEEKLY ? "once a week" : "every day";
  const of = fields.length ? `, ${fields.join("; ")}` : "";
  return `The digest goes to ${maskedEmail}, ${often}${of}${confirmed ? "" : "; not confirmed yet"}.`;
}

/** Do something; tell of its failure here. */
async function telling(doing: () => Promise<void>): Promise<void> {
  say("");
  try {
    await doing();
  } catch (error) {
    say(explained(error).message);
  }
}

function say(line: string): void {
  byId("mine-said").textContent = line;
}
