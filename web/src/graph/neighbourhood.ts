// The papers of the picture and the citations among them.

import type { SimulationNodeDatum } from "d3-force";
import { features } from "../api.js";
import type { Paper } from "../generated/cocite/v1/paper_pb.js";
import type { Recommendation } from "../generated/cocite/v1/recommender_service_pb.js";
import { paperOf } from "../papers.js";
import type { State } from "../state.js";

const MOST_SEEDS = 60;
const MOST_RESULTS = 100;

export type Role = "like" | "unlike" | "result";

export interface Node extends SimulationNodeDatum {
  paper: Paper;
  role: Role;
  /** Pixels. */
  radius: number;
  x: number;
  y: number;
}

/** source cites target. */
export interface Edge {
  source: Node;
  target: Node;
}

export interface Neighbourhood {
  nodes: Node[];
  edges: Edge[];
}

/** The seeds first, then the results, best first. Throws what the call throws. */
export async function neighbourhood(state: State, results: Recommendation[]): Promise<Neighbourhood> {
  const nodes = new Map<string, Node>();
  const add = (paper: Paper | undefined, role: Role): void => {
    if (!paper || nodes.has(paper.paperId)) return;
    nodes.set(paper.paperId, { paper, role, radius: 5 + 1.5 * Math.log2(1 + paper.citationCount), x: 0, y: 0 });
  };
  const seeds = state.seeds.filter((seed) => seed.kind === "paper");
  for (const { value, negative } of seeds.slice(0, MOST_SEEDS)) add(paperOf(value), negative ? "unlike" : "like");
  for (const id of state.references.slice(0, MOST_SEEDS - Math.min(seeds.length, MOST_SEEDS))) add(paperOf(id), "like");
  for (const { paper } of results.slice(0, MOST_RESULTS)) add(paper, "result");
  if (!nodes.size) return { nodes: [], edges: [] };

  const { references } = await features.batchGetReferences({ paperIds: [...nodes.keys()] });
  const edges = references.flatMap(({ requestedId, referenceIds }) => {
    const source = nodes.get(requestedId);
    return referenceIds.flatMap((id) => {
      const target = nodes.get(id);
      return source && target && source !== target ? [{ source, target }] : [];
    });
  });
  return { nodes: [...nodes.values()], edges };
}
