// From paper to paper by arrow keys.

import type { Point } from "./view.js";

const DIRECTIONS: Record<string, Point> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

/** The nearest of the others in the direction of the key, what lies aside counting as farther; undefined if none does. */
export function neighbourAt<T extends Point>(key: string, from: T, all: T[]): T | undefined {
  const direction = DIRECTIONS[key];
  if (!direction) return undefined;
  let [best, least]: [T | undefined, number] = [undefined, Infinity];
  for (const each of all) {
    const [x, y] = [each.x - from.x, each.y - from.y];
    const along = x * direction.x + y * direction.y;
    const aside = Math.abs(x * direction.y) + Math.abs(y * direction.x);
    const cost = along + 2 * aside;
    if (each !== from && along > 0 && cost < least) [best, least] = [each, cost];
  }
  return best;
}

export function isArrow(key: string): boolean {
  return Object.hasOwn(DIRECTIONS, key);
}
