// Reading pages, on this computer alone.

import { paperOfPage, readPage, type PageFacts, type PagePaper } from "../shared/page_paper";

// Chrome lets us at a page that was clicked on before the page's own process has heard of it
const MOST_TRIES = 6;
const PAUSE_MS = 100;

/**
 * The paper of a tab. readable: whether the browser lets us look at the page: it does on the sites of the manifest and,
 * after a click on the icon, on any.
 */
export async function paperOfTab(tabId: number): Promise<{ paper: PagePaper | null; readable: boolean }> {
  const { url } = await chrome.tabs.get(tabId);
  const facts = await factsOf(tabId, url ? MOST_TRIES : 1); // who may know the address may read the page
  if (!facts && !url) return { paper: null, readable: false };
  return { paper: paperOfPage({ url: url ?? "", metas: [], ...facts }), readable: true };
}

async function factsOf(tabId: number, tries: number): Promise<PageFacts | undefined> {
  try {
    const [done] = await chrome.scripting.executeScript({ target: { tabId }, func: readPage });
    return done?.result ?? undefined;
  } catch {
    if (tries <= 1) return undefined; // no access, or a PDF, which holds no script; the address may tell all the same
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return factsOf(tabId, tries - 1);
  }
}
