// What is asked, kept in the fragment of the address: it makes the link, and servers never see it in their logs.

/** A paper by its id, or a text; negative: not to be like. */
export interface Seed {
  kind: "paper" | "text";
  value: string;
  negative: boolean;
}

export interface State {
  seeds: Seed[];
  /** Ids of the papers of a reference list: they count as a whole. */
  references: string[];
  minYear: number | undefined;
  maxYear: number | undefined;
  venues: string[];
  /** 0 to 1. */
  diversity: number;
  view: "list" | "graph";
}

// What one request may hold, as the protos say.
export const MOST = { papers: 100, texts: 10, references: 1000, venues: 50, idLength: 512, textLength: 2000 };

const NAMES: Record<string, Omit<Seed, "value">> = {
  like: { kind: "paper", negative: false },
  unlike: { kind: "paper", negative: true },
  text: { kind: "text", negative: false },
  untext: { kind: "text", negative: true },
};

export function empty(): State {
  return {
    seeds: [],
    references: [],
    minYear: undefined,
    maxYear: undefined,
    venues: [],
    diversity: 0,
    view: "list",
  };
}

/** Whether there is anything to find papers for. */
export function isAskable(state: State): boolean {
  return state.references.length > 0 || state.seeds.some((seed) => !seed.negative);
}

/** The seeds with one more; one that is there already changes its sign. Beyond what a request may hold it is left out. */
export function withSeed(seeds: Seed[], seed: Seed): Seed[] {
  const alike = seeds.filter((each) => each.kind === seed.kind && each.negative === seed.negative);
  if (alike.length >= (seed.kind === "paper" ? MOST.papers : MOST.texts)) return seeds;
  const place = seeds.findIndex((each) => each.kind === seed.kind && each.value === seed.value);
  return place < 0 ? [...seeds, seed] : seeds.with(place, seed);
}

export function toFragment(state: State): string {
  const told = new URLSearchParams();
  for (const seed of state.seeds) {
    const name = Object.keys(NAMES).find((each) => NAMES[each]!.kind === seed.kind && NAMES[each]!.negative === seed.negative);
    told.append(name!, seed.value);
  }
  for (const id of state.references) told.append("ref", id);
  if (state.minYear !== undefined) told.set("from", String(state.minYear));
  if (state.maxYear !== undefined) told.set("to", String(state.maxYear));
  for (const venue of state.venues) told.append("venue", venue);
  if (state.diversity) told.set("diversity", String(state.diversity));
  if (state.view !== "list") told.set("view", state.view);
  return told.toString();
}

/** The state of a fragment; whatever is out of bounds is left out. */
export function ofFragment(fragment: string): State {
  const state = empty();
  for (const [name, value] of new URLSearchParams(fragment.replace(/^#/, ""))) {
    const seed = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
    if (seed && fits(value, seed.kind === "paper" ? MOST.idLength : MOST.textLength)) {
      state.seeds = withSeed(state.seeds, { ...seed, value });
    } else if (name === "ref" && fits(value, MOST.idLength) && state.references.length < MOST.references) {
      state.references.push(value);
    } else if (name === "venue" && fits(value, 500) && state.venues.length < MOST.venues) {
      state.venues.push(value);
    } else if (name === "from") state.minYear = yearOf(value);
    else if (name === "to") state.maxYear = yearOf(value);
    else if (name === "diversity") state.diversity = Math.min(1, Math.max(0, Number(value) || 0));
    else if (name === "view" && value === "graph") state.view = "graph";
  }
  if (state.minYear !== undefined && state.maxYear !== undefined && state.minYear > state.maxYear) state.maxYear = undefined;
  return state;
}

/** A year of four digits at most, undefined for anything else. */
export function yearOf(text: string): number | undefined {
  return /^\d{1,4}$/.test(text.trim()) ? Number(text) : undefined;
}

function fits(value: string, most: number): boolean {
  return value.trim() !== "" && value.length <= most;
}
