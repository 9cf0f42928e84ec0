// What a page shows, in the query of its address: a link to share, and a step of "back".

type Query = Record<string, string>;

/** The part of the address that the page knows, each at most `most` characters. */
export function queryOf(names: string[], most = 500): Query {
  const told = new URLSearchParams(location.search);
  return Object.fromEntries(names.flatMap((name) => [[name, (told.get(name) ?? "").slice(0, most)]]));
}

/** The address of this page with a query; empty values are left out. */
export function addressOf(query: Query): string {
  const told = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return location.pathname + (told && `?${told}`);
}

export function go(query: Query): void {
  history.pushState(null, "", addressOf(query));
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Called after every change of the address, the browser's "back" included. */
export function onAddress(listener: () => void): void {
  addEventListener("popstate", listener);
}

/** Let a link to this page with another query change the page in place. */
export function inPlace(link: HTMLAnchorElement): HTMLAnchorElement {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(Object.fromEntries(new URL(link.href).searchParams));
  });
  return link;
}
