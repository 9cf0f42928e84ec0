// The panel within the page, for browsers with no place beside it. The page cannot see into its closed shadow root.
// Injected again by another click on the icon, it goes away.

import { h } from "../../../web/shared/dom.js";
import { Panel } from "./panel";
import style from "./panel.css";

declare global {
  interface Window {
    cociteClose?: (() => void) | undefined;
  }
}

if (window.cociteClose) window.cociteClose();
else open();

function open(): void {
  const host = h("cocite-panel" as "div", {});
  const root = host.attachShadow({ mode: "closed" });
  const close = (): void => {
    host.remove();
    window.cociteClose = undefined;
  };
  window.cociteClose = close; // in this script's world: the page does not see it
  root.append(h("style", {}, style), h("div", { class: "in-page" }));
  document.documentElement.append(host);
  const panel = new Panel(root.querySelector(".in-page")!, { tabId: async () => undefined, close });
  void panel.look(true);
}
