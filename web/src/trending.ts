// What readers turn to these days.

import { byId, h } from "../shared/dom.js";
import { counted } from "../shared/words.js";
import { feeds } from "./api.js";
import { TrendingWindow, type ListTrendingResponse } from "./generated/cocite/v1/feed_service_pb.js";
import { addressOf, go, inPlace, onAddress, queryOf } from "./listing/address.js";
import { feedLinks } from "./listing/feed_links.js";
import { FieldFilter } from "./listing/field_filter.js";
import { ask, say, startPage, tellDegraded, toNewPapers, withoutDismissed } from "./listing/frame.js";
import { type Listed, paperItem } from "./listing/paper_item.js";
import { loadActs } from "./reader/acts.js";
import { stopSeeing } from "./reader/seeing.js";

const WINDOWS: Record<string, { window: TrendingWindow; words: string; told: string }> = {
  day: { window: TrendingWindow.DAY, words: "Day", told: "the last day" },
  week: { window: TrendingWindow.WEEK, words: "Week", told: "the last week" },
  month: { window: TrendingWindow.MONTH, words: "Month", told: "the last month" },
};
const USUAL = "week";

const results = byId("results");
const more = byId<HTMLButtonElement>("more");
const fields = new FieldFilter((field) => go({ ...query(), field }));
let nextPage = "";

function query(): { window: string; field: string } {
  const { window = "", field = "" } = queryOf(["window", "field"]);
  return { window: Object.hasOwn(WINDOWS, window) ? window : USUAL, field };
}

async function show(): Promise<void> {
  const { window, field } = query();
  fields.show(field);
  showWindows(window, field);
  byId("feeds").replaceChildren(...feedLinks("trending", { window, field }));
  say("Looking what is trending…");
  await ask(async (signal) => {
    await loadActs();
    const answer = await feeds.listTrending(asking(""), { signal });
    stopSeeing(results.children);
    results.replaceChildren();
    fields.offer(answer.fields);
    append(answer);
    performance.mark("list");
  });
}

async function showMore(): Promise<void> {
  await ask(async (signal) => append(await feeds.listTrending(asking(nextPage), { signal })));
}

function asking(pageToken: string): Parameters<typeof feeds.listTrending>[0] {
  const { window, field } = query();
  return { window: WINDOWS[window]!.window, field, pageToken };
}

function append({ items, nextPageToken, degraded }: ListTrendingResponse): void {
  const { left, line } = withoutDismissed(
    items.flatMap(({ paper, saves, ...item }): Listed[] => (paper ? [{ paper, ...item, reasons: saves ? [`saved by ${counted(saves, "reader")}`] : [] }] : [])),
  );
  results.append(...left.map((each) => paperItem(each)));
  nextPage = nextPageToken;
  more.hidden = !nextPage;
  say(...(results.childElementCount || line ? [line.trim()] : nothing()));
  tellDegraded(degraded);
}

function nothing(): (string | Node)[] {
  const { window, field } = query();
  const of = field && ` of the field “${field}”`;
  const none = `No paper${of} has been saved, upvoted or opened within ${WINDOWS[window]!.told}.`;
  return [`${none} What readers do shows here within seconds: begin with `, toNewPapers(), "."];
}

function showWindows(window: string, field: string): void {
  byId("windows").replaceChildren(
    ...Object.entries(WINDOWS).map(([name, { words }]) =>
      inPlace(h("a", { class: "button", href: addressOf({ window: name === USUAL ? "" : name, field }), "aria-current": name === window ? "true" : undefined }, words)),
    ),
  );
}

startPage();
more.addEventListener("click", () => void showMore());
onAddress(() => void show());
void show();
performance.mark("interactive");
