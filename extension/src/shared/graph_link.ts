// The page that the server serves of itself; its state is the fragment of its address.

import type { Seed } from "./papers";

/** A link to the graph around some seeds. */
export function graphLink(server: string, seeds: Seed[]): string {
  const state = new URLSearchParams(seeds.map((seed) => (seed.kind === "paper" ? ["like", seed.id] : ["text", seed.title])));
  state.set("view", "graph");
  return `${server}/#${state}`;
}
