// On which tab the icon was clicked, kept until the panel has heeded it or the browser ends.

/** Note a click; panels that are open are told by chrome.storage.session.onChanged. */
export async function noteClick(tabId: number): Promise<void> {
  await chrome.storage.session.set({ clicked: tabId });
}

/** Whether the icon was clicked on this tab; such a click counts but once. */
export async function takeClick(tabId: number): Promise<boolean> {
  const { clicked } = await chrome.storage.session.get("clicked");
  if (clicked !== tabId) return false;
  await chrome.storage.session.remove("clicked");
  return true;
}
