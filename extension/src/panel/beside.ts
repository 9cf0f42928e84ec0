// The panel beside the page: Chrome's side panel, Firefox's sidebar. It follows the window's active tab.

import { record } from "../shared/checked";
import { Panel } from "./panel";

const panel = new Panel(document.body, {
  tabId: async () => (await activeTab())?.id,
});

async function activeTab(): Promise<chrome.tabs.Tab | undefined> {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  return tab;
}

/** Look at the page of a tab, if that is the one the reader sees. */
async function look(tabId: number, wanted: boolean): Promise<void> {
  if ((await activeTab())?.id === tabId) await panel.look(wanted);
}

chrome.tabs.onActivated.addListener(({ tabId }) => void look(tabId, false));
chrome.tabs.onUpdated.addListener((tabId, change) => {
  if (change.status === "complete" || change.url !== undefined) void look(tabId, false);
});
chrome.runtime.onMessage.addListener((message: unknown) => {
  const { kind, tabId } = record(message);
  if (kind === "clicked" && typeof tabId === "number") void look(tabId, true);
});

void panel.look(true);
