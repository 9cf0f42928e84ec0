// The extension in a browser that has no side panel, and with a server elsewhere: Chromium, with manifests to match.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium, shows, variant } from "./extension_chromium.mjs";
import { PAGES, certificate, hostsOf, recorder, serveSites, strictPage } from "./extension_sites.mjs";
import { demo, eventually } from "./support.mjs";

const [ARXIV] = PAGES;
const STRICT = strictPage("doi:10.1002/asi.4630240406");
const ALL = [...PAGES, STRICT];
const HOSTS = (sites) => Object.fromEntries(hostsOf(ALL).map((host) => [`${host}:443`, sites.port]));

let secrets, sites;

before(async () => {
  secrets = certificate();
  sites = await serveSites(ALL, secrets);
});

after(() => sites?.end());

test("without a side panel it opens in the page, which cannot see into it", async () => {
  const server = await recorder(demo().gateway);
  const old = variant(({ side_panel: _, permissions, ...rest }) => ({ ...rest, permissions: permissions.filter((each) => each !== "sidePanel") }));
  const browser = await chromium({ ...HOSTS(sites), "localhost:8080": server.port }, sites.port, old.directory);
  try {
    const page = await browser.page();
    for (const [on, seed] of [[ARXIV, ARXIV.seed], [STRICT, "Co‐citation in the scientific literature"]]) {
      await page.goto(on.url);
      await browser.clickIcon(page);
      // What assistive technology sees, closed shadow roots included
      const named = async () => JSON.stringify(await page.accessibility.snapshot({ interestingOnly: false }));
      await eventually(async () => /More like this: /.test(await named()));
      assert.ok((await named()).includes(seed));
      assert.equal(await page.$eval("cocite-panel", (host) => host.shadowRoot), null);
      assert.ok(!(await page.content()).includes("More like this"));
      // It has its style, whatever the page forbids
      const box = await (await page.$("aria/Options[role=\"button\"]")).boundingBox();
      assert.ok(box.x > 400, JSON.stringify(box));
      await (await page.$("aria/Close[role=\"button\"]")).click();
      assert.equal(await page.$("cocite-panel"), null);
    }
    await browser.inWorker(() => chrome.storage.local.set({ settings: { server: "", key: "key-of-the-reader", automatic: false } }));
    const told = await browser.inWorker(async () => {
      const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
      const askAll = () => Promise.all(["page", "setup", "marks", "check", "allMarks"].map((kind) => chrome.runtime.sendMessage({ kind, ids: [] }).catch(String)));
      const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: askAll });
      return result;
    });
    assert.deepEqual(told[1], { ok: true, value: { server: "http://localhost:8080", automatic: false } });
    assert.ok(!JSON.stringify(told).includes("key-of-the-reader"));
    for (const answer of told.slice(3)) assert.ok(answer === null || /port closed/.test(answer), JSON.stringify(answer));
  } finally {
    await browser.end();
    old.end();
    await server.end();
  }
});

test("a server elsewhere, by https, once the reader allows it", async () => {
  const server = await recorder(demo().gateway, secrets);
  const hosts = { ...HOSTS(sites), "cocite.example:443": server.port };
  const address = "https://cocite.example";
  const settle = (browser) => browser.inWorker((server) => chrome.storage.local.set({ settings: { server, key: "", automatic: false } }), address);
  const opened = async (browser) => {
    await settle(browser);
    const page = await browser.page();
    await page.goto(ARXIV.url);
    await browser.clickIcon(page);
    return browser.panel();
  };
  // As the reader would allow it in the options: prompts have no place in a browser without a screen
  const allowed = variant((manifest) => ({ ...manifest, host_permissions: [...manifest.host_permissions, `${address}/*`] }));
  for (const [directory, selector, words] of [
    [undefined, ".failure", `The browser has not been allowed to reach ${address}`],
    [allowed.directory, ".seeds", ARXIV.seed],
  ]) {
    const browser = await chromium(hosts, sites.port, directory);
    try {
      const panel = await opened(browser);
      await shows(panel, selector, words);
      assert.equal(server.asked.length > 0, directory !== undefined);
      assert.equal(await shows(panel, ".panel > .sent", "Sent"), `Sent to ${address}: ${ARXIV.sent[0]}`);
    } finally {
      await browser.end();
    }
  }
  allowed.end();
  await server.end();
});

test("a server that is down", async () => {
  const server = await recorder(demo().gateway);
  await server.end();
  const browser = await chromium({ ...HOSTS(sites), "localhost:8080": server.port }, sites.port);
  try {
    const page = await browser.page();
    await page.goto(ARXIV.url);
    await browser.clickIcon(page);
    const panel = await browser.panel();
    await shows(panel, ".failure .notice", "http://localhost:8080 cannot be reached.");
    await shows(panel, ".failure button", "Try again");
  } finally {
    await browser.end();
  }
});
