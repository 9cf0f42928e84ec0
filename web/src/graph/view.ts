// What part of the plane is seen: plane to screen by scale and shift.

export interface Point {
  x: number;
  y: number;
}

const LEAST_SCALE = 0.2;
const MOST_SCALE = 6;
const MARGIN = 40;

export class View {
  scale = 1;
  shift: Point = { x: 0, y: 0 };

  toScreen({ x, y }: Point): Point {
    return { x: x * this.scale + this.shift.x, y: y * this.scale + this.shift.y };
  }

  /** Zoom so that the screen's point stays where it is. */
  zoom(factor: number, at: Point): void {
    const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, this.scale * factor));
    const real = scale / this.scale;
    this.shift = { x: at.x + (this.shift.x - at.x) * real, y: at.y + (this.shift.y - at.y) * real };
    this.scale = scale;
  }

  pan(by: Point): void {
    this.shift = { x: this.shift.x + by.x, y: this.shift.y + by.y };
  }

  /** See all points on a screen of this size. */
  fit(points: Point[], width: number, height: number): void {
    const [xs, ys] = [points.map((each) => each.x), points.map((each) => each.y)];
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const scale = Math.min((width - 2 * MARGIN) / (right - left || 1), (height - 2 * MARGIN) / (bottom - top || 1));
    this.scale = Math.min(1.6, Math.max(LEAST_SCALE, scale));
    this.shift = { x: width / 2 - (this.scale * (left + right)) / 2, y: height / 2 - (this.scale * (top + bottom)) / 2 };
  }

  /** Pan as little as brings the point into sight. Whether it had to. */
  reveal(point: Point, width: number, height: number): boolean {
    const { x, y } = this.toScreen(point);
    const by = { x: into(x, width) - x, y: into(y, height) - y };
    if (!by.x && !by.y) return false;
    this.pan(by);
    return true;
  }
}

function into(value: number, size: number): number {
  return Math.min(size - MARGIN, Math.max(MARGIN, value));
}
