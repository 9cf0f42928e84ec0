// One related paper: what it is, why it is here, what can be done with it.

import { bibtex } from "../../../web/shared/bibtex.js";
import { h } from "../../../web/shared/dom.js";
import { linkOf } from "../../../web/shared/paper_links.js";
import { ask, Told, type Mark, type Verb } from "../shared/messages";
import { byline, type Result } from "../shared/papers";

type Context = Pick<Mark, "seeds" | "attributionToken" | "modelVersion">;

/** What is beyond one result. */
export interface Doing {
  /** The reader wants it as a seed. */
  moreLikeThis: () => void;
  /** The server was told something. */
  tellSent: (what: string[]) => void;
}

/** A list item that keeps what the reader says of the paper. */
export function resultItem(result: Result, saved: boolean, context: Context, { moreLikeThis, tellSent }: Doing): HTMLElement {
  const { paper, rank, reasons } = result;
  const title = paper.title || paper.id;
  const url = linkOf(paper.id);
  const status = h("p", { class: "said", role: "status" });

  const button = (words: string, click: () => void): HTMLButtonElement =>
    h("button", { type: "button", "aria-label": `${words}: ${title}`, click }, words);

  const tellServer = async (): Promise<void> => {
    try {
      const { sent, trouble } = await ask("deliver", {});
      if (sent.length) tellSent(sent);
      status.textContent = trouble;
    } catch (error) {
      if (!(error instanceof Told)) throw error;
      status.textContent = error.failure.message;
    }
  };

  const marked = async (verb: Verb | null): Promise<boolean> => {
    try {
      await (verb ? ask("mark", { verb, paper, rank, ...context }) : ask("unmark", { id: paper.id }));
      void tellServer();
      return true;
    } catch (error) {
      if (!(error instanceof Told)) throw error;
      status.textContent = error.failure.message;
      return false;
    }
  };

  const save = button("Save", () => {
    void marked(saved ? null : "save").then((done) => {
      if (done) showSaved(!saved);
    });
  });
  const showSaved = (now: boolean): void => {
    saved = now;
    save.setAttribute("aria-pressed", String(saved));
    save.textContent = saved ? "Saved" : "Save";
  };

  const undo = button("Undo", () => {
    void marked(null).then((done) => {
      if (!done) return;
      item.replaceChildren(...whole);
      showSaved(false);
      dismiss.focus();
    });
  });
  const dismiss = button("Dismiss", () => {
    void marked("dismiss").then((done) => {
      if (!done) return;
      item.replaceChildren(h("p", { class: "dismissed" }, h("span", {}, title), undo), status);
      undo.focus();
    });
  });

  const whole = [
    h("h2", {}, url ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, title) : title),
    h("p", { class: "byline" }, byline(paper)),
    reasons.length > 0 && h("ul", { class: "reasons", "aria-label": "Why it is here" }, ...reasons.map((reason) => h("li", {}, reason))),
    h("div", { class: "actions" }, save, dismiss, button("More like this", moreLikeThis), button("BibTeX", () => void copy(bibtex([paper]), status))),
    status,
  ].filter((each) => each instanceof HTMLElement);
  showSaved(saved);
  const item = h("li", { class: "result" }, ...whole);
  return item;
}

/** To the clipboard; where that is forbidden the text is shown, to be copied by hand. */
async function copy(text: string, status: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = "BibTeX copied.";
  } catch {
    status.replaceChildren(h("textarea", { readonly: true, rows: "6", "aria-label": "BibTeX" }, text));
    status.querySelector("textarea")?.select();
  }
}
