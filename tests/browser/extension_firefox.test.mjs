// The extension in Firefox: a click on its icon, the sidebar, a real gateway behind a recorder.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BUILT } from "./extension_chromium.mjs";
import { firefox } from "./extension_firefox.mjs";
import { PAGES, certificate, proxyTo, recorder, serveSites } from "./extension_sites.mjs";
import { demo, eventually } from "./support.mjs";

const [ARXIV] = PAGES;
const PUBLISHER = PAGES.find((page) => page.site === "a publisher");
const SIDEBAR = `document.getElementById("sidebar").contentDocument?.getElementById("webext-panels-browser")`;

let sites, proxy, server, browser, id;

before(async () => {
  sites = await serveSites(PAGES, certificate());
  proxy = await proxyTo(sites.port);
  server = await recorder(demo().gateway);
  browser = await firefox({ "network.proxy.type": 1, "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": proxy.port });
  id = await browser.install(join(BUILT, "firefox"));
});

after(async () => {
  await browser?.end();
  await Promise.all([proxy?.end(), sites?.end(), server?.end()]);
});

/** Click the icon while the page is shown. */
const clickIcon = () =>
  browser.inBrowser(
    `const { ExtensionParent } = ChromeUtils.importESModule("resource://gre/modules/ExtensionParent.sys.mjs");
     ExtensionParent.apiManager.global.browserActionFor(WebExtensionPolicy.getByID(args[0]).extension).triggerAction(window);`,
    id,
  );

/** The value of an expression in the sidebar; null while there is none. */
const inSidebar = (expression) =>
  browser.inBrowser(
    `const sidebar = ${SIDEBAR};
     if (!sidebar?.messageManager) return null;
     return new Promise((resolve) => {
       const answer = ({ data }) => (sidebar.messageManager.removeMessageListener("told", answer), resolve(data));
       sidebar.messageManager.addMessageListener("told", answer);
       const script = "{ const { document } = content; sendAsyncMessage('told', (" + args[0] + ") ?? null); }";
       sidebar.messageManager.loadFrameScript("data:," + encodeURIComponent(script), false);
     });`,
    expression,
  );

const shows = async (selector, text) => {
  const expression = `[...document.querySelectorAll(${JSON.stringify(selector)})].some((each) => each.textContent.includes(${JSON.stringify(text)}))`;
  await eventually(() => inSidebar(expression), 20_000).catch(async (error) => {
    throw new Error(`no ${selector} shows ${text}: ${await inSidebar("document.body.innerText.slice(0, 300)")}`, { cause: error });
  });
};

test("a server on another port is chosen in the options", async () => {
  const options = await browser.inBrowser(`return WebExtensionPolicy.getByID(args[0]).getURL("options.html")`, id);
  await browser.goto(options);
  const address = `http://localhost:${server.port}`;
  await eventually(() => browser.inPage(`return document.getElementById("server").value !== ""`)); // what is kept is shown
  await browser.inPage(`document.getElementById("server").value = args[0]`, address);
  await browser.click("button.primary");
  const checked = () => browser.inPage(`return document.getElementById("checked").textContent`);
  await eventually(async () => /\.$/.test(await checked()));
  assert.match(await checked(), /^Connected: 612 papers/);
  assert.deepEqual(server.asked.map(({ path }) => path), ["/v1/model"]);
});

test("related papers in the sidebar, nothing sent before", async () => {
  server.asked.length = 0;
  await browser.goto(ARXIV.url);
  assert.deepEqual(server.asked, []);
  await clickIcon();
  await shows(".seeds", ARXIV.seed);
  await shows(".panel > .sent", `Sent to http://localhost:${server.port}: ${ARXIV.sent[0]}`);
  await shows(".reasons li", "this paper");
  assert.deepEqual(server.asked[0].body, { queries: ARXIV.sent });
});

test("another paper waits for the reader, on a publisher's page for a click on the icon", async () => {
  server.asked.length = 0;
  await browser.goto(PAGES[1].url);
  await shows(".offer", PAGES[1].sent[0]);
  assert.deepEqual(server.asked, []);
  await browser.goto(PUBLISHER.url);
  await clickIcon();
  await shows(".seeds", PUBLISHER.seed);
});

test("what is saved stays; more like this adds a seed", async () => {
  await shows(".result button", "Save");
  await inSidebar(`document.querySelector(".result button").click()`);
  await shows(".result button[aria-pressed=true]", "Saved");
  await inSidebar(`[...document.querySelectorAll(".result button")].find((each) => each.textContent === "More like this").click()`);
  await shows(".seeds li:nth-child(2)", "");
  await eventually(() => server.asked.at(-1).body.seeds.positiveIds.length === 2);
});

test("a server that has gone", async () => {
  await server.end();
  await browser.goto(ARXIV.url);
  await clickIcon();
  await shows(".failure .notice", `http://localhost:${server.port} cannot be reached.`);
});
