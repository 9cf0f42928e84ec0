// Links to a list as a feed, in the formats that feed readers know.

import { h } from "../../shared/dom.js";

export const FEED_FORMATS: Record<string, string> = { Atom: "atom", RSS: "rss", "JSON Feed": "json" };

/** name: of the feed; query: what narrows it, empty values are left out. */
export function feedLinks(name: string, query: Record<string, string>): (Node | string)[] {
  const told = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  const links = Object.entries(FEED_FORMATS).map(([words, form]) => h("a", { href: `feeds/${name}.${form}${told && `?${told}`}` }, words));
  return ["As a feed: ", ...links.flatMap((link, index) => (index ? [" · ", link] : [link]))];
}
