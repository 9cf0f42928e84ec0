// Where the panel opens: beside the page if the browser has such a place, else in it.

import { noteClick } from "../shared/clicks";
import { runScript } from "./scripts";

/** Firefox's sidebar, which Chrome does not know. */
declare const browser: { sidebarAction?: { open(): Promise<void> } } | undefined;

const sidebar = typeof browser === "undefined" ? undefined : browser.sidebarAction;
// The extension's types are those of a newer Chrome than some readers have
const sidePanel = (chrome as Partial<typeof chrome>).sidePanel;

/** Whether there is neither a side panel nor a sidebar. */
export const PANEL_IN_PAGE = !sidePanel && !sidebar;

/** Open the panel for a tab whose icon was clicked; an open one looks at the page again, which the click has opened to us. */
export function openPanel(tab: chrome.tabs.Tab): void {
  if (tab.id === undefined) return;
  // Both open at once or not at all: the browser takes nothing that comes after a wait for the reader's wish
  if (sidePanel) void sidePanel.open({ tabId: tab.id });
  else if (sidebar) void sidebar.open();
  else void runScript({ target: { tabId: tab.id }, files: ["in_page.js"] }).catch(console.warn); // into no page of the browser's own
  if (!PANEL_IN_PAGE) void noteClick(tab.id);
}
