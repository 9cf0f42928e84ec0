// The panel beside the page: Chrome's side panel, Firefox's sidebar. It follows the window's active tab.

import { takeClick } from "../shared/clicks";
import { Panel } from "./panel";

const panel = new Panel(document.body, {
  tabId: async () => (await activeTab())?.id,
});

async function activeTab(): Promise<chrome.tabs.Tab | undefined> {
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  return tab;
}

/** Look at the page of a tab, if that is the one the reader sees. */
async function look(tabId: number): Promise<void> {
  if ((await activeTab())?.id === tabId) await panel.look(false);
}

/** Ask for the paper of the tab the reader sees, if they clicked the icon on it. Whether they did. */
async function heedClick(): Promise<boolean> {
  const tab = await activeTab();
  const isClicked = tab?.id !== undefined && (await takeClick(tab.id));
  if (isClicked) await panel.look(true);
  return isClicked;
}

chrome.tabs.onActivated.addListener(({ tabId }) => void look(tabId));
chrome.tabs.onUpdated.addListener((tabId, change) => {
  if (change.status === "complete" || change.url !== undefined) void look(tabId);
});
chrome.storage.session.onChanged.addListener(() => void heedClick());

// Opened by no click, as a sidebar that Firefox opens again at its start, the panel asks nothing by itself
void heedClick().then((isClicked) => (isClicked ? undefined : panel.look(false)));
