// Where papers stand: those that cite each other near each other. The same papers always stand in the same places.

import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
import type { Edge, Neighbourhood, Node } from "./neighbourhood.js";

const STEPS = 250;

/** Sets x and y of the nodes, around 0. */
export function layOut({ nodes, edges }: Neighbourhood, width: number, height: number): void {
  const wide = Math.sqrt(width / height);
  const linked = new Set(edges.flatMap(({ source, target }) => [source, target]));
  const pull = (node: Node): number => (linked.has(node) ? 0.05 : 0.16); // nothing else holds what no citation ties
  forceSimulation<Node>(nodes)
    .force("citations", forceLink<Node, Edge>(edges.map((edge) => ({ ...edge }))).distance(70).strength(0.12))
    .force("room", forceManyBody<Node>().strength(-190).distanceMax(420))
    .force("bodies", forceCollide<Node>((node) => node.radius + 9))
    .force("x", forceX<Node>(0).strength((node) => pull(node) / wide))
    .force("y", forceY<Node>(0).strength((node) => pull(node) * wide))
    .stop()
    .tick(STEPS);
}
