// The service worker: opens the panel and answers what panel and options ask.

import { record } from "../shared/checked";
import { Told, type Answer, type Failure, type Kind, type Message } from "../shared/messages";
import { readSettings } from "../shared/settings";
import { allMarks, forgetMarks, mark, marksOf, unmark } from "./feedback";
import { openPanel, PANEL_IN_PAGE } from "./opening";
import { paperOfTab } from "./pages";
import { deliver } from "./outbox";
import { describeModel, relatedPapers, resolveIds, resolveTitle } from "./questions";

const IN_PAGE_KINDS = new Set<Kind>(["page", "setup", "resolve", "related", "marks", "mark", "unmark", "deliver", "options"]);

// Where the browser can: storage, and with it the key, is closed to content scripts
void chrome.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });

chrome.action.onClicked.addListener(openPanel);

chrome.runtime.onMessage.addListener((message: unknown, sender, answer: (value: Answer<unknown>) => void) => {
  const asked = record(message) as unknown as Message;
  if (!isAllowed(asked.kind, sender)) return false;
  answered(asked, sender).then(
    (value) => answer({ ok: true, value }),
    (error: unknown) => answer({ ok: false, failure: failureOf(error) }),
  );
  return true; // the answer comes later
});

/** Our own pages may ask anything; a script in a page only where the panel has to be there, and not all. */
function isAllowed(kind: Kind, sender: chrome.runtime.MessageSender): boolean {
  if (sender.id !== chrome.runtime.id) return false;
  return sender.url?.startsWith(chrome.runtime.getURL("")) || (PANEL_IN_PAGE && IN_PAGE_KINDS.has(kind));
}

async function answered(asked: Message, sender: chrome.runtime.MessageSender): Promise<unknown> {
  switch (asked.kind) {
    case "page":
      return paperOfTab(asked.tabId ?? sender.tab?.id ?? chrome.tabs.TAB_ID_NONE);
    case "setup": {
      const { server, automatic } = await readSettings();
      return { server, automatic };
    }
    case "resolve":
      return "ids" in asked ? resolveIds(asked.ids) : resolveTitle(asked.title);
    case "related": {
      const page = await relatedPapers(asked.seeds, asked.pageToken);
      void deliver().catch(console.error); // what could not be sent before: the server answers now
      return page;
    }
    case "marks":
      return marksOf(asked.ids);
    case "mark": {
      const { kind: _, ...said } = asked;
      await mark(said);
      return null;
    }
    case "unmark":
      await unmark(asked.id);
      return null;
    case "deliver":
      return deliver();
    case "options":
      await chrome.runtime.openOptionsPage();
      return null;
    case "check":
      return describeModel();
    case "allMarks":
      return allMarks();
    case "forgetMarks":
      await forgetMarks();
      return null;
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof Told) return error.failure;
  console.error(error);
  return { message: "Something went wrong in the extension.", waitS: 0, remedy: "retry" };
}
