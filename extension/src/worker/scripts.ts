// Scripts of ours in pages.

// Chrome lets us at a page on which the icon was clicked before the page's own process has heard of it
const MOST_TRIES = 6;
const PAUSE_MS = 100;

/** Run a script in a page that we may read; what the browser throws where it lets no script in, as into a PDF. */
export async function runScript<T>(injection: chrome.scripting.ScriptInjection<[], T>): Promise<T | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      const [done] = await chrome.scripting.executeScript(injection);
      return done?.result as T | undefined;
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
