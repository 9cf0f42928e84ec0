// The options: server, key, what goes without a click, and what was said of papers.

import { bibtex } from "../../../web/shared/bibtex.js";
import { byId } from "../../../web/shared/dom.js";
import { download } from "../../../web/shared/download.js";
import { ask, Told } from "../shared/messages";
import { patternOf, readSettings, serverOf, writeSettings } from "../shared/settings";

const EVERYWHERE = { origins: ["https://*/*"] };

const server = byId<HTMLInputElement>("server");
const key = byId<HTMLInputElement>("key");
const checked = byId("checked");
const automatic = byId<HTMLInputElement>("automatic");
const everywhere = byId<HTMLInputElement>("everywhere");

byId("connection").addEventListener("submit", (event) => {
  event.preventDefault();
  void told(connect);
});
automatic.addEventListener("change", () => {
  void readSettings().then((settings) => writeSettings({ ...settings, automatic: automatic.checked }));
});
everywhere.addEventListener("change", () => {
  const change = everywhere.checked ? chrome.permissions.request(EVERYWHERE) : chrome.permissions.remove(EVERYWHERE);
  void change.then(showPermission, showPermission);
});
byId("export-json").addEventListener("click", () => {
  void told(async () => download("cocite-feedback.json", "application/json", JSON.stringify(await ask("allMarks", {}), null, 2)));
});
byId("export-bibtex").addEventListener("click", () => {
  void told(async () => {
    const saved = (await ask("allMarks", {})).filter((mark) => mark.verb === "save");
    download("cocite-saved.bib", "application/x-bibtex", bibtex(saved.map((mark) => mark.paper)));
  });
});
byId("forget").addEventListener("click", () => {
  if (confirm("Forget all saved and dismissed papers, here and at the server?")) void told(forget);
});

void show();

async function show(): Promise<void> {
  const settings = await readSettings();
  server.value = settings.server;
  key.value = settings.key;
  automatic.checked = settings.automatic;
  await Promise.all([showPermission(), showCounts()]);
}

/** Keep the address and the key, get the browser's leave to reach the server, and try it. */
async function connect(): Promise<void> {
  say("");
  const address = serverOf(server.value);
  say(`Waiting for your leave to reach ${address}…`);
  // First of all, as the browser asks only right after a click
  const granted = await chrome.permissions.request({ origins: [patternOf(address)] });
  await writeSettings({ server: address, key: key.value.trim(), automatic: automatic.checked });
  server.value = address;
  if (!granted) throw new Told({ message: `Without the permission ${address} cannot be asked.`, waitS: 0, remedy: "options" });
  say("Asking…");
  const { modelVersion, paperCount } = await ask("check", {});
  say(`Connected: ${paperCount.toLocaleString("en")} papers, model ${modelVersion}.`);
}

async function forget(): Promise<void> {
  say("");
  try {
    await ask("forgetMarks", {});
  } finally {
    await showCounts(); // here they are forgotten, even if the server could not be told
  }
}

async function showPermission(): Promise<void> {
  everywhere.checked = await chrome.permissions.contains(EVERYWHERE);
}

async function showCounts(): Promise<void> {
  const marks = await ask("allMarks", {});
  const saved = marks.filter((mark) => mark.verb === "save").length;
  byId("counts").textContent = `${saved} saved, ${marks.length - saved} dismissed; kept in this browser, and told to the server.`;
}

async function told(doing: () => Promise<void>): Promise<void> {
  try {
    await doing();
  } catch (error) {
    if (!(error instanceof Told)) throw error;
    say(error.failure.message, true);
  }
}

function say(words: string, wrong = false): void {
  checked.textContent = words;
  checked.classList.toggle("wrong", wrong);
}
