// Drags, pinches and the wheel, told as moves of the view.

import type { Point } from "./view.js";

export interface Moves {
  pan(by: Point): void;
  /** Zoom so that the point stays where it is. */
  zoom(factor: number, at: Point): void;
}

const WHEEL_PX = 570; // that zoom by e

/** Points are those of the area, in pixels. */
export function watchGestures(area: SVGSVGElement, moves: Moves): void {
  watchPointers(area, moves);
  // The wheel zooms when the area has the focus, or as pinching on a touch pad; else the page scrolls
  const zoom = (event: WheelEvent): void => {
    if (!event.ctrlKey && !area.contains(document.activeElement)) return;
    event.preventDefault();
    moves.zoom(Math.exp(-event.deltaY / WHEEL_PX), placeOf(event, area));
  };
  area.addEventListener("wheel", zoom, { passive: false });
}

/** One pointer drags, two pinch: what was between them stays there. */
function watchPointers(area: SVGSVGElement, moves: Moves): void {
  const held = new Map<number, Point>();
  area.addEventListener("pointerdown", (event) => {
    if (event.isPrimary) held.clear(); // whatever became of those before
    const isOnPaper = (event.target as Element).closest(".node") !== null;
    if (event.button !== 0 || held.size === 2 || (isOnPaper && event.pointerType === "mouse")) return;
    held.set(event.pointerId, placeOf(event, area));
    if (!isOnPaper) area.setPointerCapture(event.pointerId); // touches are captured where they began
  });
  area.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const now = placeOf(event, area);
    const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    held.set(event.pointerId, now);
    if (other) moves.zoom(distance(now, other) / distance(before, other), middle(before, other));
    const share = other ? 0.5 : 1; // the middle moves half as far as one of two
    moves.pan({ x: share * (now.x - before.x), y: share * (now.y - before.y) });
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    area.addEventListener(end, ({ pointerId }) => held.delete(pointerId));
  }
}

function placeOf({ clientX, clientY }: MouseEvent, area: Element): Point {
  const { left, top } = area.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y) || 1;
}

function middle(one: Point, other: Point): Point {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
