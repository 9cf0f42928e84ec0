// The keyboard stays where it was when a part of the page is drawn anew.

/** Draw; then focus what has the same data-focus as what had the focus within place, else fallback. */
export function keepingFocus(place: HTMLElement, fallback: HTMLElement, draw: () => void): void {
  const focused = document.activeElement;
  const within = focused instanceof HTMLElement && place.contains(focused);
  const name = within ? focused.dataset.focus : undefined;
  draw();
  if (!within || place.contains(focused)) return;
  const same = [...place.querySelectorAll<HTMLElement>("[data-focus]")].find((each) => each.dataset.focus === name);
  (same ?? fallback).focus({ preventScroll: true });
}
