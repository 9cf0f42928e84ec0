// The picture of the neighbourhood: drawn as SVG, walked by keyboard, zoomed and moved.

import { s } from "../../shared/dom.js";
import { toldApart } from "../../shared/words.js";
import { shortNameOf } from "../papers.js";
import { watchGestures } from "./gestures.js";
import { placed } from "./labels.js";
import type { Edge, Neighbourhood, Node } from "./neighbourhood.js";
import { View } from "./view.js";
import { isArrow, neighbourAt } from "./walking.js";
import { yearClass, type YearStep } from "./years.js";

const FONT_PX = 12;
const LINE_PX = 15;
const LEAST_REACH_PX = 12; // around a paper where a finger finds it
const ZOOM = 1.3;
const STEP_OUT_PX = 2; // between an arrow's head and the paper

interface Mark {
  node: Node;
  group: SVGGElement;
  label: SVGTextElement;
  /** Pixels. */
  width: number;
}

export class Picture {
  #svg: SVGSVGElement;
  #view = new View();
  #marks: Mark[] = [];
  #lines: { edge: Edge; line: SVGLineElement }[] = [];
  #current: Node | undefined;
  #onChoice: (node: Node) => void;

  /** onChoice: told of the paper that the reader turns to. */
  constructor(svg: SVGSVGElement, onChoice: (node: Node) => void) {
    this.#svg = svg;
    this.#onChoice = onChoice;
    svg.addEventListener("keydown", (event) => this.#key(event));
    watchGestures(svg, {
      pan: (by) => this.#see(() => this.#view.pan(by)),
      zoom: (factor, at) => this.#see(() => this.#view.zoom(factor, at)),
    });
    new ResizeObserver(() => this.fit()).observe(svg);
  }

  get size(): { width: number; height: number } {
    return { width: this.#svg.clientWidth, height: this.#svg.clientHeight };
  }

  /** Draw the papers, whose places are set. */
  draw({ nodes, edges }: Neighbourhood, steps: YearStep[]): void {
    const measured = document.createElement("canvas").getContext("2d")!;
    measured.font = `${FONT_PX}px ${getComputedStyle(this.#svg).fontFamily}`;
    this.#lines = edges.map((edge) => ({ edge, line: s("line", { "marker-end": "url(#arrow)" }) }));
    const names = toldApart(nodes.map(({ paper }) => shortNameOf(paper)));
    this.#marks = nodes.map((node, index) => this.#mark(node, names[index]!, edges, steps, measured));
    this.#current = nodes.find((node) => node.paper.paperId === this.#current?.paper.paperId) ?? nodes[0];
    this.#svg.replaceChildren(
      s("defs", {}, s("marker", ARROW, s("path", { d: "M0 0 6 3 0 6Z" }))),
      s("g", { class: "edges", "aria-hidden": "true" }, ...this.#lines.map(({ line }) => line)),
      s("g", { class: "nodes" }, ...this.#marks.map(({ group }) => group)),
      s("g", { class: "labels", "aria-hidden": "true" }, ...this.#marks.map(({ label }) => label)),
    );
    this.fit();
  }

  /** See everything. */
  fit(): void {
    const { width, height } = this.size;
    if (!this.#marks.length || !width) return;
    this.#view.fit(this.#marks.map(({ node }) => node), width, height);
    this.#place();
  }

  /** Zoom in by steps, out by negative ones. */
  zoom(steps: number, at = { x: this.size.width / 2, y: this.size.height / 2 }): void {
    this.#see(() => this.#view.zoom(ZOOM ** steps, at));
  }

  #see(change: () => void): void {
    change();
    this.#place();
  }

  #mark(node: Node, name: string, edges: Edge[], steps: YearStep[], measured: CanvasRenderingContext2D): Mark {
    const group = s(
      "g",
      {
        role: "button",
        tabindex: "-1",
        class: `node ${node.role} ${yearClass(node.paper.year, steps)}`,
        "aria-label": describe(node, name, edges),
        focus: () => this.#turnTo(node),
        click: () => this.#marks.find((mark) => mark.node === node)?.group.focus(),
      },
      s("circle", { class: "reach", r: Math.max(node.radius, LEAST_REACH_PX) }),
      shapeOf(node),
    );
    const label = s("text", { "font-size": FONT_PX }, name);
    return { node, group, label, width: measured.measureText(name).width };
  }

  #turnTo(node: Node): void {
    this.#current = node;
    const { width, height } = this.size;
    this.#view.reveal(node, width, height);
    this.#place();
    this.#onChoice(node);
  }

  /** Bring everything to where the view has it. */
  #place(): void {
    const { width, height } = this.size;
    const current = this.#current;
    const near = new Set<Node>();
    for (const { edge, line } of this.#lines) {
      const touches = edge.source === current || edge.target === current;
      if (touches) near.add(edge.source).add(edge.target);
      line.setAttribute("class", touches ? "near" : "");
      this.#stretch(line, edge);
    }
    const weight = ({ node }: Mark): number =>
      node === current ? 0 : node.role !== "result" ? 1 : near.has(node) ? 2 : 3;
    const order = [...this.#marks].sort((one, other) => weight(one) - weight(other));
    const wanted = order.map(({ node, width: wide }) => ({ ...this.#view.toScreen(node), radius: node.radius, width: wide }));
    const boxes = placed(wanted, LINE_PX, { left: 2, top: 2, width: width - 4, height: height - 4 });
    order.forEach(({ node, group, label }, index) => {
      const { x, y } = this.#view.toScreen(node);
      group.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
      group.setAttribute("tabindex", node === current ? "0" : "-1");
      group.classList.toggle("current", node === current);
      const box = boxes[index];
      label.setAttribute("visibility", box ? "visible" : "hidden");
      if (!box) return;
      label.setAttribute("x", box.left.toFixed(1));
      label.setAttribute("y", (box.top + LINE_PX - 4).toFixed(1));
    });
  }

  #stretch(line: SVGLineElement, { source, target }: Edge): void {
    const [from, to] = [this.#view.toScreen(source), this.#view.toScreen(target)];
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const short = Math.max(0, 1 - (target.radius + STEP_OUT_PX) / length);
    const end = { x: from.x + (to.x - from.x) * short, y: from.y + (to.y - from.y) * short };
    for (const [name, value] of [["x1", from.x], ["y1", from.y], ["x2", end.x], ["y2", end.y]] as const) {
      line.setAttribute(name, value.toFixed(1));
    }
  }

  #key(event: KeyboardEvent): void {
    const current = this.#current;
    if (!current || event.ctrlKey || event.metaKey || event.altKey) return;
    const nodes = this.#marks.map(({ node }) => node);
    if (isArrow(event.key)) this.#focus(neighbourAt(event.key, current, nodes));
    else if (event.key === "Home") this.#focus(nodes[0]);
    else if (event.key === "End") this.#focus(nodes.at(-1));
    else if (event.key === "+" || event.key === "=") this.zoom(1, this.#view.toScreen(current));
    else if (event.key === "-") this.zoom(-1, this.#view.toScreen(current));
    else if (event.key === "0") this.fit();
    else if (event.key === "Enter" || event.key === " ") this.#onChoice(current);
    else return;
    event.preventDefault();
  }

  #focus(node: Node | undefined): void {
    this.#marks.find((mark) => mark.node === node)?.group.focus();
  }
}

const ARROW = { id: "arrow", viewBox: "0 0 6 6", refX: 6, refY: 3, markerWidth: 6, markerHeight: 6, orient: "auto", markerUnits: "userSpaceOnUse" };

/** Seeds are squares, results circles. */
function shapeOf({ role, radius }: Node): SVGElement {
  const side = radius * 1.8;
  if (role === "result") return s("circle", { r: radius.toFixed(1) });
  return s("rect", { x: -side / 2, y: -side / 2, width: side, height: side, rx: 2 });
}

function describe(node: Node, name: string, edges: Edge[]): string {
  const cites = edges.filter((edge) => edge.source === node).length;
  const cited = edges.filter((edge) => edge.target === node).length;
  const role = { like: "seed", unlike: "seed, unlike", result: "result" }[node.role];
  return `${name}: ${node.paper.title}. ${role}, cites ${cites} and is cited by ${cited} of these`;
}
