// Chromium with the extension in it, and the panel that a click on its icon opens.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { BROWSERS, ROOT } from "./support.mjs";

export const BUILT = join(ROOT, "dist/extension");

/** A copy of the Chrome build with another manifest: what change() makes of it. */
export function variant(change) {
  const directory = mkdtempSync(join(tmpdir(), "cocite-extension-"));
  cpSync(join(BUILT, "chrome"), directory, { recursive: true });
  const file = join(directory, "manifest.json");
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")))));
  return { directory, end: () => rmSync(directory, { recursive: true }) };
}

/**
 * A Chromium for which hosts are { "host:port": port on this machine }; pages: the port of web pages, which count as
 * public, as those of the real sites do; undefined for pages that count as of this machine, as all that is on it.
 */
export async function chromium(hosts, pages, directory = join(BUILT, "chrome")) {
  const mapped = Object.entries(hosts).map(([host, port]) => `MAP ${host} 127.0.0.1:${port}`);
  const browser = await puppeteer.launch({
    executablePath: BROWSERS.chromium,
    pipe: true,
    enableExtensions: [directory],
    acceptInsecureCerts: true,
    args: [
      "--no-sandbox",
      `--host-resolver-rules=${mapped.join(", ")}`,
      ...(pages ? [`--ip-address-space-overrides=127.0.0.1:${pages}=public`] : []),
    ],
  });
  const started = await browser.waitForTarget((target) => target.type() === "service_worker");
  const id = new URL(started.url()).host;
  const commands = await browser.target().createCDPSession();
  const inWorker = async (...what) => {
    const target = await browser.waitForTarget((each) => each.type() === "service_worker" && each.url().includes(id));
    return (await target.worker()).evaluate(...what);
  };
  const panels = new Map(); // a target is attached to but once
  return {
    browser,
    inWorker,
    page: async () => (await browser.pages())[0],
    /** Click the icon while this page is the active tab. */
    clickIcon: async (page) => {
      await page.bringToFront();
      const { targetInfos } = await commands.send("Target.getTargets", { filter: [{ type: "tab" }] });
      const tab = targetInfos.find((each) => each.url === page.url());
      await commands.send("Extensions.triggerAction", { id, targetId: tab.targetId });
    },
    /** The side panel, once it is open. */
    panel: async () => {
      const target = await browser.waitForTarget((each) => each.url() === `chrome-extension://${id}/panel.html`);
      if (!panels.has(target)) panels.set(target, await target.asPage());
      return panels.get(target);
    },
    /** The options, showing what is kept. */
    options: async () => {
      const page = await browser.newPage();
      await page.goto(`chrome-extension://${id}/options.html`);
      await page.waitForFunction(() => document.getElementById("server").value !== "");
      return page;
    },
    end: () => browser.close(),
  };
}

/** Wait until an element of the page shows this text; the element's text. */
export async function shows(page, selector, text) {
  const handle = await page
    .waitForFunction(
      (selector, text) => [...document.querySelectorAll(selector)].find((each) => each.textContent.includes(text))?.textContent,
      { timeout: 15_000 },
      selector,
      text,
    )
    .catch(async (error) => {
      throw new Error(`no ${selector} shows ${text}: ${(await page.evaluate(() => document.body.innerText)).slice(0, 300)}`, { cause: error });
    });
  return handle.jsonValue();
}

/** Click the first button whose name begins with these words. */
export async function press(page, words) {
  const name = `button:not(:disabled)`;
  const handle = await page.waitForFunction(
    (selector, words) =>
      [...document.querySelectorAll(selector)].find((each) => (each.ariaLabel ?? each.textContent).startsWith(words)),
    { timeout: 15_000 },
    name,
    words,
  );
  await handle.asElement().click();
}
