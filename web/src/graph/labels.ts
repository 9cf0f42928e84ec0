// Which labels are written where, so that none covers another or a paper.

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What wants a label, at its place on the screen. */
export interface Labelled {
  x: number;
  y: number;
  radius: number;
  /** Width of its text. */
  width: number;
}

const GAP = 3;

/**
 * Top left corners of the labels, undefined for those that find no room. First come, first served: the most telling
 * must come first. height: of a line; bounds: outside of which nothing is written. All in pixels.
 */
export function placed(wanted: Labelled[], height: number, bounds: Box): (Box | undefined)[] {
  const taken = wanted.map(bodyOf);
  return wanted.map((each, own) => {
    const free = candidates(each, height).find(
      (box) => within(box, bounds) && !taken.some((other, index) => index !== own && overlap(box, other)),
    );
    if (free) taken.push(free);
    return free;
  });
}

function candidates({ x, y, radius, width }: Labelled, height: number): Box[] {
  const away = radius + GAP;
  return [
    { left: x + away, top: y - height / 2 },
    { left: x - away - width, top: y - height / 2 },
    { left: x - width / 2, top: y + away },
    { left: x - width / 2, top: y - away - height },
  ].map((corner) => ({ ...corner, width, height }));
}

function bodyOf({ x, y, radius }: Labelled): Box {
  return { left: x - radius, top: y - radius, width: 2 * radius, height: 2 * radius };
}

function overlap(one: Box, other: Box): boolean {
  return (
    one.left < other.left + other.width &&
    other.left < one.left + one.width &&
    one.top < other.top + other.height &&
    other.top < one.top + one.height
  );
}

function within(box: Box, bounds: Box): boolean {
  return (
    box.left >= bounds.left &&
    box.top >= bounds.top &&
    box.left + box.width <= bounds.left + bounds.width &&
    box.top + box.height <= bounds.top + bounds.height
  );
}
