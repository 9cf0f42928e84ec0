// The panel: which paper the page is about, what is asked, what came of it. The same beside a page and within it.

import { h } from "../../../web/shared/dom.js";
import { graphLink } from "../shared/graph_link";
import { ask, Told, type Failure } from "../shared/messages";
import type { PagePaper } from "../shared/page_paper";
import { seedOf, type RelatedPage, type Result, type Seed } from "../shared/papers";
import { failureLine, notice } from "./notices";
import { resultItem, type Doing } from "./result_item";
import { seedList } from "./seed_list";

const MOST_SEEDS = 20;
const NO_PAPER = "No paper found on this page.";
const NOT_READABLE = "Click the extension’s icon to let it read this page.";

/** Where the panel is. */
export interface Place {
  /** The tab whose page is meant; undefined where the worker knows it. */
  tabId(): Promise<number | undefined>;
  /** Shuts the panel, where the browser has no button for that. */
  close?: () => void;
}

export class Panel {
  private server = "";
  private automatic = false;
  private asked: PagePaper | null = null;
  private offered: PagePaper | null = null;
  private seeds: Seed[] = [];
  private shown: Result[] = [];
  private turn = 0;
  private glance = 0;
  private asking = false;
  private wanted = false;

  private readonly heading = h("h1", {}, "Related papers");
  private readonly page = h("div", { class: "page" });
  private readonly chips = h("div");
  private readonly sent = h("p", { class: "sent" });
  private readonly status = h("div", { class: "status", role: "status" });
  private readonly results = h("ol", { class: "results" });
  private readonly more = h("button", { type: "button", class: "wide", hidden: true, click: () => void this.load(this.nextPage) }, "More papers");
  private readonly graph = h("a", { target: "_blank", rel: "noopener noreferrer", hidden: true }, "Open the graph");
  private nextPage = "";

  constructor(root: Element | ShadowRoot, private readonly place: Place) {
    root.append(
      h(
        "main",
        { class: "panel" },
        h(
          "header",
          {},
          this.heading,
          this.graph,
          h("button", { type: "button", class: "plain", click: () => void ask("options", {}) }, "Options"),
          place.close && h("button", { type: "button", class: "plain", "aria-label": "Close", click: place.close }, "✕"),
        ),
        this.page,
        this.chips,
        this.sent,
        this.status,
        this.results,
        this.more,
      ),
    );
  }

  /** Look at the page. Another paper than before is asked for only if the reader wants it: by a click, or always. */
  async look(wanted: boolean): Promise<void> {
    const glance = ++this.glance;
    this.wanted ||= wanted; // a page that goes on loading does not take a click back
    await this.told(() => glance === this.glance, () => this.look(true), async () => {
      const tabId = await this.place.tabId();
      const [{ paper: read, readable }, setup] = await Promise.all([ask("page", tabId === undefined ? {} : { tabId }), ask("setup", {})]);
      if (glance !== this.glance) return;
      const paper = titled(read, this.asked);
      const isOffered = paper !== null && isSame(paper, this.offered) && setup.server === this.server;
      Object.assign(this, setup);
      const isWanted = this.wanted;
      this.wanted = false;
      if (isOffered && !isWanted && !this.automatic) return; // the button may be under the reader's finger
      this.withdraw();
      if (paper && isSame(paper, this.asked) && (!isWanted || this.asking || this.shown.length)) return;
      if (paper && (isWanted || this.automatic)) await this.start(paper);
      else if (paper) this.offer(paper);
      else if (isWanted || !this.shown.length) {
        this.clear();
        this.page.append(notice(readable ? NO_PAPER : NOT_READABLE));
      }
    });
  }

  /** Ask what the page's paper is to the server, then for papers related to it; by its title where ids do not help. */
  private async start(paper: PagePaper, byTitle = paper.ids.length === 0): Promise<void> {
    this.clear();
    const turn = this.turn;
    const question = byTitle ? { title: paper.title } : { ids: paper.ids };
    this.asked = paper;
    this.say("Asking…");
    this.tellSent(byTitle ? [`the title “${paper.title}”`] : paper.ids);
    await this.asks(turn, () => this.start(paper, byTitle), async () => {
      const seed = await ask("resolve", question);
      if (turn !== this.turn) return;
      if (!seed) return this.sayUnknown(paper);
      this.seeds = [{ ...seed, title: seed.title || paper.title }];
      await this.load("");
    });
  }

  /** A page of results, the first one in place of what is there. */
  private async load(pageToken: string): Promise<void> {
    const turn = ++this.turn;
    const seeds = this.seeds;
    this.chips.replaceChildren(seedList(seeds, (seed) => this.drop(seed)));
    this.graph.hidden = false;
    this.graph.href = graphLink(this.server, seeds);
    this.say("Asking…");
    this.more.hidden = true;
    await this.asks(turn, () => this.load(pageToken), async () => {
      const answer = await ask("related", { seeds, pageToken });
      const marks = await ask("marks", { ids: answer.results.map((result) => result.paper.id) });
      if (turn !== this.turn) return;
      if (!pageToken) this.show([]);
      const kept = answer.results.filter((result) => marks[result.paper.id] !== "dismiss");
      const left = answer.results.length - kept.length;
      this.show([...this.shown, ...kept]);
      for (const result of kept) {
        this.results.append(resultItem(result, marks[result.paper.id] === "save", this.context(answer), this.doing(result)));
      }
      this.nextPage = answer.nextPageToken;
      this.more.hidden = !answer.nextPageToken;
      const notes = left ? [...answer.notes, `${left} dismissed before ${left === 1 ? "is" : "are"} not shown.`] : answer.notes;
      this.status.replaceChildren(...(this.shown.length ? [] : [notice("No related papers.")]), ...notes.map((note) => notice(note)));
    });
  }

  private context(answer: RelatedPage): { seeds: string[]; attributionToken: string; modelVersion: string } {
    const seeds = this.seeds.map((seed) => (seed.kind === "paper" ? seed.id : "text"));
    return { seeds, attributionToken: answer.attributionToken, modelVersion: answer.modelVersion };
  }

  private doing(result: Result): Doing {
    return { moreLikeThis: () => this.add(result), tellSent: (what) => this.tellSent(what) };
  }

  /** More like this: one more seed. */
  private add({ paper }: Result): void {
    if (this.seeds.some((seed) => seed.kind === "paper" && seed.id === paper.id)) return;
    this.seeds = [...this.seeds, seedOf(paper)].slice(-MOST_SEEDS);
    this.askAnew();
  }

  private drop(seed: Seed): void {
    this.seeds = this.seeds.filter((each) => each !== seed);
    this.askAnew();
  }

  private askAnew(): void {
    this.tellSent(this.seeds.map((seed) => (seed.kind === "paper" ? seed.id : `the title “${seed.title}”`)));
    this.heading.scrollIntoView({ block: "start" });
    void this.load("");
  }

  private show(results: Result[]): void {
    this.shown = results;
    if (!results.length) {
      this.results.replaceChildren();
      this.more.hidden = true;
    }
  }

  /** Leave nothing of what was asked before, and heed no answer to it any more. */
  private clear(): void {
    this.turn += 1;
    this.asking = false;
    this.asked = null;
    this.withdraw();
    this.show([]);
    this.chips.replaceChildren();
    this.sent.replaceChildren();
    this.status.replaceChildren();
    this.graph.hidden = true;
  }

  private withdraw(): void {
    this.offered = null;
    this.page.replaceChildren();
  }

  private offer(paper: PagePaper): void {
    this.offered = paper;
    const start = (): void => void this.start(paper);
    const what = paper.ids[0] ?? "its title";
    this.page.append(
      h(
        "div",
        { class: "offer" },
        notice(`Another paper: ${paper.title || what}`),
        h("button", { type: "button", class: "wide", click: start }, "Show related papers"),
        h("p", { class: "sent" }, `This sends ${paper.ids.join(", ") || what} to ${this.server}`),
      ),
    );
  }

  private tellSent(what: string[]): void {
    this.sent.textContent = `Sent to ${this.server}: ${what.join(", ")}`;
  }

  private say(words: string): void {
    this.status.replaceChildren(notice(words));
  }

  private sayUnknown(paper: PagePaper): void {
    const failure: Failure = { message: "The server does not know this paper.", waitS: 0, remedy: "retry" };
    const byTitle = paper.title ? (): void => void this.start(paper, true) : undefined;
    if (paper.title) this.chips.replaceChildren(h("ul", { class: "seeds" }, h("li", {}, paper.title)));
    this.status.replaceChildren(failureLine(failure, () => void this.start(paper), byTitle));
  }

  /** Ask the server something, unless another question has taken its place. */
  private async asks(turn: number, again: () => Promise<void>, doing: () => Promise<void>): Promise<void> {
    this.asking = true;
    await this.told(() => turn === this.turn, again, doing);
    if (turn === this.turn) this.asking = false;
  }

  /** Do something; tell of its failure, with a way to try again, as long as it is what the reader waits for. */
  private async told(isCurrent: () => boolean, again: () => Promise<void>, doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (error) {
      if (!(error instanceof Told)) throw error;
      if (isCurrent()) this.status.replaceChildren(failureLine(error.failure, () => void again()));
    }
  }
}

/** A page without a title, as a PDF, may be another of the paper whose title is known. */
function titled(paper: PagePaper | null, before: PagePaper | null): PagePaper | null {
  return paper && before && !paper.title && paper.ids[0] === before.ids[0] ? { ...paper, title: before.title } : paper;
}

function isSame(paper: PagePaper, other: PagePaper | null): boolean {
  return JSON.stringify([paper.ids, paper.title]) === JSON.stringify([other?.ids, other?.title]);
}
