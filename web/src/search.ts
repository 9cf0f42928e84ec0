// The page: what changes the state, and what is drawn of it.

import { byId } from "../shared/dom.js";
import { counted } from "../shared/words.js";
import { valuesOf } from "./asking.js";
import { Entry, type Taken } from "./entry.js";
import { offerExamples } from "./examples.js";
import type { Exported } from "./exports.js";
import { Filters } from "./filters.js";
import { isRefused } from "./errors.js";
import { keepingFocus } from "./focus.js";
import { GraphPanel } from "./graph/panel.js";
import { type List, Lister } from "./list.js";
import { Notes } from "./notes.js";
import { describeModel } from "./model.js";
import { fetchPapers } from "./papers.js";
import { naming, type Naming, reasonOf } from "./reasons.js";
import { resultItem } from "./results.js";
import { seedChips } from "./seeds.js";
import { shortcomings } from "./shortcomings.js";
import { watchTools } from "./tools.js";
import { isAskable, MOST, type State, toFragment, withSeed } from "./state.js";
import { Store } from "./store.js";
import { watchTheme } from "./theme.js";

const MOST_CHIPS = 20; // papers given at once that become seeds of their own; more count as one list of references

const store = new Store();
const lister = new Lister();
const change = (part: Partial<State>): void => store.change(part);
const entry = new Entry(take);
const filters = new Filters(() => store.state, change, showView);
const notes = new Notes(byId("notes"));
const graph = new GraphPanel(judge);
const status = byId("status");
const results = byId("results");
const more = byId<HTMLButtonElement>("more");
let list: List | undefined;

function take({ papers, text }: Taken): void {
  const { state } = store;
  if (text !== undefined) change({ seeds: withSeed(state.seeds, { kind: "text", value: text, negative: false }) });
  else if (papers.length > MOST_CHIPS) {
    change({ references: [...new Set([...state.references, ...papers])].slice(0, MOST.references) });
  } else change({ seeds: papers.reduce((seeds, value) => withSeed(seeds, { kind: "paper", value, negative: false }), state.seeds) });
}

function judge(value: string, negative: boolean): void {
  change({ seeds: withSeed(store.state.seeds, { kind: "paper", value, negative }) });
}

function drawSeeds(): void {
  const place = byId("seeds");
  keepingFocus(place, byId("entry"), () => place.replaceChildren(...seedChips(store.state, change)));
  byId("filters").hidden = !isAskable(store.state);
  byId("welcome").hidden = isAskable(store.state) || store.state.seeds.length > 0;
}

/** Seeds are known by their titles as soon as those are there; without them by their ids. */
async function nameSeeds(): Promise<void> {
  const { seeds, references } = store.state;
  const ids = [...seeds.filter((seed) => seed.kind === "paper").map((seed) => seed.value), ...references];
  if (!ids.length) return;
  try {
    await fetchPapers(ids);
    drawSeeds();
  } catch {
    // the ids are there to be read, and the list says what is wrong with the server
  }
}

function namingNow(): Naming {
  const { state } = store;
  const texts = valuesOf(state, "text", false);
  const papers = valuesOf(state, "paper", false);
  return naming(texts, texts.length + papers.length + (state.references.length ? 1 : 0));
}

async function ask(): Promise<void> {
  notes.clear();
  const { state } = store;
  if (!isAskable(state)) {
    lister.stop();
    list = undefined;
    drawList();
    if (state.seeds.length) notes.say("Give at least one paper or text that the results should be like.");
    return;
  }
  status.textContent = "Looking for related papers…";
  results.setAttribute("aria-busy", "true");
  try {
    const found = await lister.first(state);
    if (!found) return;
    list = found;
    await nameSeeds();
    drawList();
    performance.mark("list");
    tellShortcomings(found);
  } catch (error) {
    status.textContent = "";
    results.setAttribute("aria-busy", "false");
    notes.fail(error, () => void ask());
  }
}

function tellShortcomings({ answer }: List): void {
  for (const line of shortcomings(answer)) notes.say(line);
}

async function askMore(): Promise<void> {
  if (more.ariaDisabled === "true") return;
  more.ariaDisabled = "true"; // not disabled: the focus stays on it
  try {
    const shown = list?.results.length ?? 0;
    const found = await lister.next(store.state);
    if (!found) return;
    list = found;
    notes.clear();
    drawList(shown);
    tellShortcomings(found);
  } catch (error) {
    if (isRefused(error)) void ask(); // the model has changed: the list begins anew
    else notes.fail(error, () => void askMore());
  } finally {
    more.ariaDisabled = "false";
  }
}

/** from: how many results are drawn already, and stay. */
function drawList(from = 0): void {
  const found = list?.results ?? [];
  const named = namingNow();
  const items = found.slice(from).map((result) => resultItem(result, named, judge));
  const drawn = items.filter((item) => item !== null);
  if (from) results.append(...drawn);
  else keepingFocus(results, status, () => results.replaceChildren(...drawn));
  results.setAttribute("aria-busy", "false");
  showView();
  filters.offer(found.map((result) => result.paper?.venue ?? ""));
}

function showView(): void {
  const asGraph = store.state.view === "graph";
  const shown = filters.isTroubled ? undefined : list;
  byId("found").hidden = !shown || asGraph;
  byId("picture").hidden = !shown || !asGraph;
  byId("tools").hidden = !shown;
  more.hidden = !shown?.more;
  status.textContent = told(shown);
  byId("as-list").setAttribute("aria-pressed", String(!asGraph));
  byId("as-graph").setAttribute("aria-pressed", String(asGraph));
  if (shown && asGraph) void drawGraph(shown);
}

async function drawGraph({ results: found }: List): Promise<void> {
  try {
    await graph.show(store.state, found, namingNow());
  } catch (error) {
    notes.fail(error, () => {
      notes.clear();
      showView();
    });
  }
}

function told(shown: List | undefined): string {
  if (!shown) return "";
  const count = shown.results.length;
  if (!count) return "No paper is left: loosen the filters, or add other seeds.";
  return shown.more ? `The ${count} most related papers` : counted(count, "related paper");
}

function exported(): Exported[] {
  const named = namingNow();
  return (list?.results ?? []).flatMap((result): Exported[] => {
    const { paper, rank } = result;
    return paper ? [{ paper, rank, reasons: result.reasons.map((reason) => reasonOf(reason, result, named)) }] : [];
  });
}

function draw(): void {
  drawSeeds();
  filters.show(store.state);
}

watchTheme(byId("theme"));
more.addEventListener("click", () => void askMore());
watchTools(change, exported);
store.watch((state, before) => {
  draw();
  if (toFragment({ ...state, view: "list" }) === toFragment({ ...before, view: "list" })) showView();
  else void ask();
});
draw();
void ask();
if (!store.state.seeds.length) entry.focus();
if (!isAskable(store.state)) void offerExamples(byId("examples"), (paper) => judge(paper, false));
performance.mark("interactive");
void describeModel(byId("about"));
