// A paper in a list, with what the reader can do with it.

import { h } from "../../shared/dom.js";
import { counted } from "../../shared/words.js";
import { EventKind } from "../generated/cocite/v1/feed_service_pb.js";
import type { Paper } from "../generated/cocite/v1/paper_pb.js";
import { authorsOf } from "../papers.js";
import { act, holds, onChange } from "../reader/acts.js";
import { opened, type Shown, watchSeeing } from "../reader/seeing.js";
import { sourceOf, titleOf } from "../results.js";
import { abstractOf, Expansion, similarTo } from "./expansion.js";

const AUTHORS_SHOWN = 6;

/** A paper as an answer has it. */
export interface Listed {
  paper: Paper;
  rank: number;
  attributionToken: string;
  /** How many readers upvote it; undefined where the answer does not tell. */
  upvotes?: number;
  /** Papers like it; undefined where they are asked for on demand. */
  similar?: Paper[];
  /** Why it is here, a line each. */
  reasons?: string[];
}

const showing = new WeakMap<Element, (line: string) => void>();

onChange((paperId, line) => {
  for (const each of document.querySelectorAll<HTMLElement>(".paper")) if (each.dataset.id === paperId) showing.get(each)?.(line);
});

/** leaves: whether a paper that is dismissed makes room. */
export function paperItem(listed: Listed, leaves = true): HTMLElement {
  const { paper, rank, attributionToken } = listed;
  const shown: Shown = { paperId: paper.paperId, token: attributionToken, position: rank };
  const name = paper.title || paper.paperId;
  const item = h("li", { class: "paper", "data-id": paper.paperId });
  const said = h("p", { class: "said", role: "status" });
  const toggle = (kind: EventKind) => (): void =>
    void act({ kind, paperId: paper.paperId, undo: holds(paper.paperId, kind), token: attributionToken, position: rank });
  const vote = h("button", { type: "button", class: "vote", click: toggle(EventKind.UPVOTE) });
  const save = h("button", { type: "button", click: toggle(EventKind.SAVE) });
  const dismiss = h("button", { type: "button", click: toggle(EventKind.DISMISS) });
  const undo = h("button", { type: "button", "aria-label": `Undo: ${name}`, click: toggle(EventKind.DISMISS) }, "Undo");
  const expansion = new Expansion();
  const wasOpened = (): void => opened(shown);
  const title = h("h3", { click: (event: Event) => event.target instanceof HTMLAnchorElement && wasOpened() }, titleOf(paper));
  const whole = [
    vote,
    h(
      "div",
      {},
      title,
      h("p", { class: "byline" }, authorsOf(paper, AUTHORS_SHOWN)),
      h("p", { class: "source" }, [sourceOf(paper), ...paper.fields].filter(Boolean).join(" · ")),
      reasonsList(listed.reasons),
      h(
        "div",
        { class: "acts" },
        save,
        dismiss,
        paper.hasAbstract && expansion.button("Abstract", name, abstractOf(paper), wasOpened),
        expansion.button("Similar", name, similarTo(paper, listed.similar)),
      ),
      said,
      expansion.place,
    ),
  ];
  const gone = [h("p", { class: "gone" }, h("span", {}, `Dismissed: ${name}`), undo), said];
  const others = listed.upvotes === undefined ? undefined : Math.max(0, listed.upvotes - Number(holds(paper.paperId, EventKind.UPVOTE)));

  const show = (line: string): void => {
    const focused = item.contains(document.activeElement);
    const dismissed = holds(paper.paperId, EventKind.DISMISS);
    showVote(vote, name, holds(paper.paperId, EventKind.UPVOTE), others);
    showState(save, name, holds(paper.paperId, EventKind.SAVE), "Save", "Saved");
    showState(dismiss, name, dismissed, "Dismiss", "Dismissed");
    said.textContent = line;
    const parts = dismissed && leaves ? gone : whole;
    if (item.firstChild === parts[0]) return;
    if (parts === whole) whole[1]!.insertBefore(said, expansion.place);
    item.replaceChildren(...parts);
    if (focused) (parts === gone ? undo : dismiss).focus();
  };
  show("");
  showing.set(item, show);
  watchSeeing(item, shown);
  return item;
}

function reasonsList(reasons: string[] = []): HTMLElement | null {
  return reasons.length ? h("ul", { class: "because", "aria-label": "Why it is here" }, ...reasons.map((line) => h("li", {}, line))) : null;
}

/** others: how many upvote it beside the reader, undefined where that is not told. */
function showVote(button: HTMLElement, name: string, mine: boolean, others: number | undefined): void {
  const count = others === undefined ? undefined : others + Number(mine);
  button.replaceChildren(h("span", { "aria-hidden": "true" }, "▲"), count === undefined ? "" : h("span", {}, count.toLocaleString("en")));
  button.setAttribute("aria-label", `Upvote: ${name}${count === undefined ? "" : `, ${counted(count, "upvote")}`}`);
  button.title = "upvote";
  press(button, mine);
}

function showState(button: HTMLElement, name: string, done: boolean, toDo: string, past: string): void {
  button.textContent = done ? past : toDo;
  button.setAttribute("aria-label", `${button.textContent}: ${name}`);
  press(button, done);
}

function press(button: HTMLElement, pressed: boolean): void {
  button.setAttribute("aria-pressed", String(pressed));
}
