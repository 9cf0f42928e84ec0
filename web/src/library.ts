// The reader's feed and library.

import { byId, h } from "../shared/dom.js";
import { counted } from "../shared/words.js";
import { feeds } from "./api.js";
import { exportButtons } from "./export_buttons.js";
import { EventKind } from "./generated/cocite/v1/feed_service_pb.js";
import { type Paper, PaperView } from "./generated/cocite/v1/paper_pb.js";
import { addressOf, go, inPlace, onAddress, queryOf } from "./listing/address.js";
import { because } from "./listing/because.js";
import { ask, notes, say, startPage, tellDegraded, toNewPapers, withoutDismissed } from "./listing/frame.js";
import { type Listed, paperItem } from "./listing/paper_item.js";
import { loadActs, papersWith } from "./reader/acts.js";
import { tellConsent } from "./reader/consent.js";
import { type Reader, reader } from "./reader/identity.js";
import { showMine, watchDeleting } from "./reader/mine.js";
import { stopSeeing } from "./reader/seeing.js";

const AT_A_TIME = 50;
const FEED = "";
const LISTS: Record<string, { words: string; kind?: EventKind; empty: string }> = {
  [FEED]: { words: "For you", empty: "Your feed begins with the first paper that you save or upvote" },
  saved: { words: "Saved", kind: EventKind.SAVE, empty: "No paper is saved" },
  upvoted: { words: "Upvoted", kind: EventKind.UPVOTE, empty: "No paper is upvoted" },
  dismissed: { words: "Dismissed", kind: EventKind.DISMISS, empty: "No paper is dismissed" },
  opened: { words: "Opened", kind: EventKind.CLICK, empty: "Of no paper it is kept that you opened it" },
};

const results = byId("results");
const more = byId<HTMLButtonElement>("more");
let shown: Listed[] = []; // and exported
let showMore: () => Promise<void>;

function list(): string {
  const { list = "" } = queryOf(["list"]);
  return Object.hasOwn(LISTS, list) ? list : FEED;
}

async function show(): Promise<void> {
  const { kind, empty } = LISTS[list()]!;
  showLists();
  say("Looking it up…");
  await ask(async (signal) => {
    const held = await loadActs();
    if (signal.aborted) return;
    stopSeeing(results.children);
    results.replaceChildren();
    shown = [];
    more.hidden = true;
    showMine(held);
    const who = reader();
    if (kind) showKept(papersWith(kind), kind);
    else if (who) await showFeed(who, "", signal);
    if (!shown.length) say(`${empty}: look at `, toNewPapers(), ".");
    byId("exports").hidden = !shown.length;
    performance.mark("list");
  });
}

/** A page of the feed, behind those that are there. */
async function showFeed(who: Reader, pageToken: string, signal: AbortSignal): Promise<void> {
  const answer = await feeds.listFeed({ reader: who, pageToken, view: PaperView.FULL }, { signal });
  const listed = answer.items.flatMap((item): Listed[] => {
    const { paper, rank, attributionToken } = item;
    return paper ? [{ paper, rank, attributionToken, reasons: because(item) }] : [];
  });
  const { left, line } = withoutDismissed(listed);
  append(left, true);
  const whose = answer.personal ? "By what you did until now." : "What everybody new is shown, until you save or upvote a paper.";
  say(whose + line);
  tellDegraded(answer.degraded);
  continueBy(answer.nextPageToken !== "", () => ask((next) => showFeed(who, answer.nextPageToken, next)));
}

function showKept(papers: Paper[], kind: EventKind): void {
  const from = results.childElementCount;
  const listed = papers.map((paper): Listed => ({ paper, rank: 0, attributionToken: "" }));
  append(listed.slice(from, from + AT_A_TIME), kind !== EventKind.DISMISS);
  shown = listed; // all of them are exported
  say(counted(papers.length, "paper"));
  continueBy(results.childElementCount < papers.length, async () => showKept(papers, kind));
}

function append(listed: Listed[], leaves: boolean): void {
  results.append(...listed.map((each) => paperItem(each, leaves)));
  shown = [...shown, ...listed];
}

function continueBy(isMore: boolean, next: () => Promise<void>): void {
  more.hidden = !isMore;
  showMore = next;
}

function showLists(): void {
  byId("lists").replaceChildren(
    ...Object.entries(LISTS).map(([name, { words }]) =>
      inPlace(h("a", { class: "button", href: addressOf({ list: name }), "aria-current": name === list() ? "true" : undefined }, words)),
    ),
  );
}

startPage();
byId("exports").append(...exportButtons(() => shown.map(({ reasons = [], ...each }) => ({ ...each, reasons })), "library"));
watchDeleting((line) => {
  go({});
  byId("status").focus();
  notes().say(line);
  tellConsent(byId("kept"));
});
more.addEventListener("click", () => void showMore());
onAddress(() => void show());
void show();
performance.mark("interactive");
