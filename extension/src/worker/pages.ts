// Reading pages, on this computer alone.

import { paperOfPage, readPage, type PageFacts, type PagePaper } from "../shared/page_paper";
import { runScript } from "./scripts";

/**
 * The paper of a tab. readable: whether the browser lets us look at the page: it does on the sites of the manifest and,
 * after a click on the icon, on any.
 */
export async function paperOfTab(tabId: number): Promise<{ paper: PagePaper | null; readable: boolean }> {
  const { url } = await chrome.tabs.get(tabId);
  if (!url) return { paper: null, readable: false }; // who may read a page may know its address
  return { paper: paperOfPage({ url, metas: [], ...(await factsOf(tabId)) }), readable: true };
}

async function factsOf(tabId: number): Promise<PageFacts | undefined> {
  try {
    return await runScript({ target: { tabId }, func: readPage });
  } catch {
    return undefined; // the address may tell all the same
  }
}
