// The extension in Firefox: a click on its icon, the sidebar, a real gateway behind a recorder.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BUILT } from "./extension_chromium.mjs";
import { firefox } from "./extension_firefox.mjs";
import { PAGES, UNKNOWN, certificate, proxyTo, recorder, serveSites } from "./extension_sites.mjs";
import { demo, eventually } from "./support.mjs";

const [ARXIV] = PAGES;
const SIDEBAR = `document.getElementById("sidebar").contentDocument?.getElementById("webext-panels-browser")`;

let sites, proxy, server, browser, id;

before(async () => {
  sites = await serveSites([...PAGES, ...UNKNOWN], certificate());
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

/** Open or shut the sidebar by no click on the icon, as Firefox does when it restores its windows, and its menu. */
const sidebarIs = (open) =>
  browser.inBrowser(
    `const { ExtensionCommon } = ChromeUtils.importESModule("resource://gre/modules/ExtensionCommon.sys.mjs");
     if (args[1]) await window.SidebarController.show(ExtensionCommon.makeWidgetId(args[0]) + "-sidebar-action");
     else window.SidebarController.hide();`,
    id,
    open,
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
       sidebar.messageManager.loadFrameScript("data:text/javascript;charset=utf-8," + encodeURIComponent(script), false);
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

test("a sidebar that opens by itself sends nothing: it offers to", async () => {
  server.asked.length = 0;
  await browser.goto(ARXIV.url);
  await sidebarIs(true);
  await shows(".offer", ARXIV.sent[0]);
  assert.deepEqual(server.asked, []);
  await inSidebar(`document.querySelector(".offer button").click()`);
  await shows(".seeds", ARXIV.seed);
  assert.ok(server.asked.length > 0);
  await sidebarIs(false);
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

test("another paper waits for the reader", async () => {
  server.asked.length = 0;
  await browser.goto(PAGES[1].url);
  await shows(".offer", PAGES[1].sent[0]);
  assert.deepEqual(server.asked, []);
});

for (const each of PAGES) {
  test(`related papers on ${each.site}`, async () => {
    await browser.goto(each.url);
    await clickIcon();
    await shows(".panel > .sent", `Sent to http://localhost:${server.port}: ${each.sent.join(", ")}`);
    await shows(".seeds", each.seed);
    await shows(".reasons li", "this paper");
  });
}

for (const unknown of UNKNOWN) {
  test(`a paper of ${unknown.site} that the server does not know`, async () => {
    await browser.goto(unknown.url);
    await clickIcon();
    await shows(".failure", "The server does not know this paper.");
    await shows(".panel > .sent", unknown.sent[0]);
  });
}

test("what is saved stays; more like this adds a seed", async () => {
  await browser.goto(ARXIV.url);
  await clickIcon();
  await shows(".result button", "Save");
  await inSidebar(`document.querySelector(".result button").click()`);
  await shows(".result button[aria-pressed=true]", "Saved");
  await shows(".panel > .sent", "save of ");
  const { events } = server.asked.find(({ path }) => path === "/v1/events:record").body;
  assert.deepEqual(events.map(({ kind, undo }) => [kind, undo]), [["EVENT_KIND_SAVE", false]]);
  await inSidebar(`[...document.querySelectorAll(".result button")].find((each) => each.textContent === "More like this").click()`);
  await shows(".seeds li:nth-child(2)", "");
  await eventually(() => server.asked.at(-1).body.seeds?.positiveIds.length === 2);
});

test("a server that has gone", async () => {
  await server.end();
  await browser.goto(PAGES[1].url);
  await clickIcon();
  await shows(".failure .notice", `http://localhost:${server.port} cannot be reached.`);
});
