// Which paper a page is about: its URL first, then what it says of itself in meta tags for indexers.

import { idOfUrl, idOfValue, type Scheme } from "./ids";

/** A page as read: address and the meta tags that may concern us, names in lower case. */
export interface PageFacts {
  url: string;
  metas: [name: string, content: string][];
}

/** What is known of a page's paper without asking anybody. ids: canonical, the surest first, perhaps none. */
export interface PagePaper {
  ids: string[];
  title: string;
}

const ID_METAS: Record<string, Scheme> = {
  citation_arxiv_id: "arxiv",
  citation_doi: "doi",
  bepress_citation_doi: "doi",
  "prism.doi": "doi",
  "dc.identifier": "doi",
  "dc.identifier.doi": "doi",
  citation_pmid: "pmid",
};
const TITLE_METAS = ["citation_title", "bepress_citation_title", "dc.title"];
const MOST_IDS = 4;
const MOST_TITLE = 500;

/** The paper, null when the page names none. */
export function paperOfPage({ url, metas }: PageFacts): PagePaper | null {
  const told = metas.map(([name, content]) => (Object.hasOwn(ID_METAS, name) ? idOfValue(ID_METAS[name]!, content) : null));
  const ids = [...new Set([idOfUrl(url), ...told])].filter((id) => id !== null).slice(0, MOST_IDS);
  const titles = metas.filter(([name]) => TITLE_METAS.includes(name)).map(([, content]) => content.trim());
  const title = titles.find((each) => each !== "")?.slice(0, MOST_TITLE) ?? "";
  return ids.length || title ? { ids, title } : null;
}

/**
 * Read the page; runs in the page, so it may use nothing from outside itself.
 * Bounded, whatever the page holds.
 */
export function readPage(): PageFacts {
  const metas = [...document.querySelectorAll("meta[name][content]")].slice(0, 500).flatMap((meta) => {
    const name = (meta.getAttribute("name") ?? "").toLowerCase();
    const content = (meta.getAttribute("content") ?? "").slice(0, 1000);
    return /^(?:bepress_)?citation_(?:doi|arxiv_id|pmid|title)$|^prism\.doi$|^dc\.(?:identifier(?:\.doi)?|title)$/.test(name)
      ? [[name, content] as [string, string]]
      : [];
  });
  return { url: location.href, metas: metas.slice(0, 50) };
}
