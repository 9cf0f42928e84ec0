// New papers: a day, and as many days before it as it takes to fill a page.

import { byId, h } from "../shared/dom.js";
import { counted } from "../shared/words.js";
import { feeds } from "./api.js";
import type { ListNewResponse } from "./generated/cocite/v1/feed_service_pb.js";
import { PaperView } from "./generated/cocite/v1/paper_pb.js";
import { addressOf, go, inPlace, onAddress, queryOf } from "./listing/address.js";
import { feedLinks } from "./listing/feed_links.js";
import { FieldFilter } from "./listing/field_filter.js";
import { ask, say, startPage, tellDegraded, withoutDismissed } from "./listing/frame.js";
import { type Listed, paperItem } from "./listing/paper_item.js";
import { loadActs } from "./reader/acts.js";
import { stopSeeing } from "./reader/seeing.js";

const ENOUGH = 10; // papers to begin with
const MOST_DAYS = 7; // asked for at a time
const SIMILAR = 3;
const LONG = new Intl.DateTimeFormat("en", { dateStyle: "full", timeZone: "UTC" });
const SHORT = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });

const listed = byId("listed");
const more = byId<HTMLButtonElement>("more");
const date = byId<HTMLInputElement>("date");
const fields = new FieldFilter((field) => go({ ...query(), field }));
let earlier = ""; // the day to go on with

function query(): { date: string; field: string } {
  const { date = "", field = "" } = queryOf(["date", "field"]);
  return { date: isDay(date) ? date : "", field };
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** The day of the address, and what came before. */
async function show(): Promise<void> {
  const { date: day, field } = query();
  fields.show(field);
  byId("feeds").replaceChildren(...feedLinks("new", { date: day, field }));
  say("Looking for new papers…");
  await ask(async (signal) => {
    await loadActs();
    const first = await feeds.listNew(asking(day, ""), { signal });
    stopSeeing(listed.querySelectorAll(".paper"));
    listed.replaceChildren();
    showNavigation(day, first);
    say(first.total ? "" : nothing(day, field, first));
    await fill(first, signal);
    performance.mark("list");
  });
}

async function showEarlier(): Promise<void> {
  await ask(async (signal) => fill(await feeds.listNew(asking(earlier, ""), { signal }), signal));
}

/** Append days, from the one given back in time, until there is enough to read. */
async function fill(first: ListNewResponse, signal: AbortSignal): Promise<void> {
  let count = 0;
  for (let days = 0, day = first; ; day = await feeds.listNew(asking(earlier, ""), { signal })) {
    if (signal.aborted) return;
    if (day.items.length) listed.append(dayOf(day));
    tellDegraded(day.degraded);
    earlier = day.previousDate;
    more.hidden = !earlier;
    [count, days] = [count + day.items.length, days + 1];
    if (!earlier || count >= ENOUGH || days >= MOST_DAYS) return;
  }
}

function asking(day: string, pageToken: string): Parameters<typeof feeds.listNew>[0] {
  return { date: day, field: query().field, similar: SIMILAR, view: PaperView.FULL, pageToken };
}

/** A day with its papers, longer on demand. */
function dayOf(answer: ListNewResponse): HTMLElement {
  const papers = h("ol", { class: "papers" });
  const next = h("button", { type: "button" }, "More papers of this day");
  const told = h("p", { class: "source" });
  const append = ({ items, nextPageToken }: ListNewResponse): void => {
    const { left, line } = withoutDismissed(items.flatMap(({ paper, ...item }): Listed[] => (paper ? [{ paper, ...item }] : [])));
    papers.append(...left.map((each) => paperItem(each)));
    fields.offer(items.flatMap(({ paper }) => paper?.fields ?? []));
    told.textContent += line;
    next.hidden = !nextPageToken;
    next.onclick = () => void ask(async (signal) => append(await feeds.listNew(asking(answer.date, nextPageToken), { signal })));
  };
  append(answer);
  const link = inPlace(h("a", { href: addressOf({ date: answer.date, field: query().field }) }, LONG.format(new Date(answer.date))));
  const heading = h("h2", {}, link, h("span", { class: "source" }, ` ${counted(answer.total, "paper")}`));
  return h("section", { class: "day", "data-date": answer.date }, heading, told, papers, next);
}

function showNavigation(asked: string, { date: day, previousDate, nextDate }: ListNewResponse): void {
  const { field } = query();
  date.value = day || asked;
  const lead = (id: string, to: string, words: (day: string) => string): void => {
    const link = byId<HTMLAnchorElement>(id);
    link.hidden = !to;
    link.href = addressOf({ date: to, field });
    if (to) link.textContent = words(SHORT.format(new Date(to)));
  };
  lead("previous-day", previousDate, (told) => `← ${told}`);
  lead("next-day", nextDate, (told) => `${told} →`);
  const latest = byId<HTMLAnchorElement>("latest-day");
  latest.hidden = !asked || !nextDate;
  latest.href = addressOf({ field });
}

function nothing(day: string, field: string, { previousDate, nextDate }: ListNewResponse): string {
  const of = field && ` of the field “${field}”`;
  if (!previousDate && !nextDate) return `There are no new papers${of}${field ? ": choose another field, or all of them" : ""}.`;
  return `No papers${of} came on ${LONG.format(new Date(day))}${previousDate ? "; those before it follow" : ", and none before it"}.`;
}

startPage();
for (const id of ["previous-day", "next-day", "latest-day"]) inPlace(byId<HTMLAnchorElement>(id));
date.addEventListener("change", () => isDay(date.value) && go({ ...query(), date: date.value }));
byId<HTMLFormElement>("days").addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", () => void showEarlier());
onAddress(() => void show());
void show();
performance.mark("interactive");
