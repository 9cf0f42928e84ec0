// The extension in Chromium: a click on its icon, the side panel, a real gateway behind a recorder.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, beforeEach, test } from "node:test";
import { chromium, press, shows } from "./extension_chromium.mjs";
import { NO_PAPER, PAGES, UNKNOWN, certificate, hostsOf, recorder, serveSites, strictPage } from "./extension_sites.mjs";
import { PYTHON, demo, eventually, freePort, gateway } from "./support.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [ARXIV] = PAGES;
const OTHER = PAGES.find((page) => page.site === "PubMed");
const MARKUP = strictPage(demo().markup.id);
const ALL = [...PAGES, ...UNKNOWN, NO_PAPER, MARKUP];
const HOSTS = () => Object.fromEntries(hostsOf(ALL).map((host) => [`${host}:443`, sites.port]));

let sites, own, server, browser, page;

before(async () => {
  const secrets = certificate();
  sites = await serveSites(ALL, secrets);
  own = await gateway(await freePort()); // whose keys are those of the demo's environment
  server = await recorder(own.address);
  browser = await chromium({ ...HOSTS(), "localhost:8080": server.port }, sites.port);
  page = await browser.page();
});

after(async () => {
  await browser?.end();
  await Promise.all([sites?.end(), server?.end(), own?.end()]);
});

beforeEach(() => {
  server.asked.length = 0;
  server.failing = undefined;
});

/** The panel after a click on the icon on a page; one that was open has forgotten what it showed. */
async function opened(on) {
  await page.goto(NO_PAPER.url);
  await browser.clickIcon(page);
  const panel = await browser.panel();
  await panel.reload();
  await shows(panel, ".page", "No paper found on this page.");
  await page.goto(on.url);
  await browser.clickIcon(page);
  return panel;
}

/** Ids of the seeds of the questions for related papers since the last test. */
const seedsAsked = () => server.asked.filter(({ path }) => path.endsWith(":recommend")).map(({ body }) => body.seeds.positiveIds);

/** A key of the gateway, as its operator makes one. */
function newKey(...options) {
  const environment = { ...process.env, ...demo().environment };
  const made = spawnSync(PYTHON, ["-m", "cocite", "key", "create", "reader", ...options], { env: environment, encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  return made.stdout.trim();
}

async function saveKey(options, key) {
  await options.$eval("#key", (input, key) => (input.value = key), key);
  await eventually(async () => {
    // the gateway reads its keys anew from time to time
    await options.click("button.primary");
    return (await shows(options, "#checked", " ")).startsWith("Connected: 612 papers, model 2");
  });
}

test("nothing is sent before the reader opens the panel", async () => {
  await page.goto(ARXIV.url);
  await page.goto(OTHER.url);
  assert.deepEqual(server.asked, []);
  await browser.clickIcon(page);
  await eventually(() => server.asked.length === 2); // the recorder would have seen it
  const [resolved, recommended] = server.asked;
  assert.deepEqual(resolved.body, { queries: OTHER.sent });
  assert.deepEqual(recommended.body.seeds, { positiveIds: ["doi:10.1007/s11192-006-0090-4"], texts: [] });
  for (const { headers } of server.asked) assert.deepEqual([headers.cookie, headers.referer, headers.authorization], [undefined, undefined, undefined]);
});

for (const each of PAGES) {
  test(`related papers on ${each.site}`, async () => {
    const panel = await opened(each);
    await shows(panel, ".seeds", each.seed);
    assert.equal(await shows(panel, ".panel > .sent", each.sent[0]), `Sent to http://localhost:8080: ${each.sent.join(", ")}`);
    await shows(panel, ".reasons li", "this paper");
    const titles = await panel.$$eval(".result h2 a", (links) => links.map((link) => [link.textContent, link.href]));
    assert.ok(titles.length > 10);
    assert.ok(titles.every(([title, href]) => title && href.startsWith("https://")));
  });
}

/** What a script in a page comes to that asks the server, and what the worker comes to. */
async function tryBoth(browser) {
  await (await browser.page()).goto(ARXIV.url);
  return browser.inWorker(async () => {
    const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
    const ask = () => fetch("http://localhost:8080/v1/model").then((answer) => answer.status, String);
    const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: ask });
    return [result, await ask()];
  });
}

test("a script in a page cannot reach the server, by CORS and by Local Network Access: only the worker can", async () => {
  const refused = "TypeError: Failed to fetch";
  const open = { status: 200, headers: { "access-control-allow-origin": "*" }, body: "{}" };
  assert.deepEqual(await tryBoth(browser), [refused, 200]);
  server.failing = open;
  assert.deepEqual(await tryBoth(browser), [refused, 200]); // CORS would let it: it is the way from public to local
  const local = await chromium({ ...HOSTS(), "localhost:8080": server.port }, undefined);
  try {
    assert.deepEqual(await tryBoth(local), [200, 200]);
    server.failing = undefined;
    assert.deepEqual(await tryBoth(local), [refused, 200]); // by CORS alone
  } finally {
    await local.end();
  }
});

test("another paper is asked for only when the reader wants it", async () => {
  const panel = await opened(ARXIV);
  await shows(panel, ".result", "More like this");
  server.asked.length = 0;
  await page.goto(PAGES[1].url);
  await shows(panel, ".offer", `This sends ${PAGES[1].sent[0]} to http://localhost:8080`);
  await page.goto(NO_PAPER.url);
  await panel.waitForFunction(() => !document.querySelector(".offer"));
  await page.goto(PAGES[1].url);
  await shows(panel, ".offer", PAGES[1].sent[0]);
  assert.deepEqual(server.asked, []);
  await press(panel, "Show related papers");
  await shows(panel, ".seeds", PAGES[1].seed);
});

test("the button of an offer stays while its page goes on loading", async () => {
  const panel = await opened(ARXIV);
  await shows(panel, ".result", "More like this");
  await page.goto(PAGES[1].url);
  await shows(panel, ".offer", PAGES[1].sent[0]);
  await panel.evaluate(() => {
    window.button = document.querySelector(".offer button");
    window.updated = new Promise((resolve) => chrome.tabs.onUpdated.addListener((_, { url }) => url && resolve(url)));
  });
  await page.evaluate(() => history.replaceState(null, "", "#section"));
  const stays = await panel.evaluate(async () => {
    await window.updated;
    // The panel asks the same for its look at the page
    const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
    for (let count = 0; count < 3; count += 1) await chrome.runtime.sendMessage({ kind: "page", tabId: tab.id });
    return window.button.isConnected;
  });
  assert.equal(stays, true);
});

test("a paper that could not be asked for leaves nothing of the one before", async () => {
  const panel = await opened(ARXIV);
  await shows(panel, ".seeds", ARXIV.seed);
  await shows(panel, ".result", "More like this");
  server.failing = { status: 503, headers: {}, body: "{}" };
  await page.goto(OTHER.url);
  await browser.clickIcon(page);
  await shows(panel, ".failure .notice", "could not answer");
  assert.equal(await panel.$(".seeds, .result, header a:not([hidden])"), null);
});

test("with the option it is asked for at once", async () => {
  const options = await browser.options();
  await options.click("#automatic");
  await options.close();
  const panel = await opened(ARXIV);
  await shows(panel, ".seeds", ARXIV.seed);
  await page.goto(PAGES[1].url);
  await shows(panel, ".seeds", PAGES[1].seed);
  const again = await browser.options();
  assert.equal(await again.$eval("#automatic", (box) => box.checked), true);
  await again.click("#automatic");
  await again.close();
});

test("a page about no paper, and one that may not be read", async () => {
  const panel = await opened(NO_PAPER);
  await page.goto(MARKUP.url);
  await shows(panel, ".page", "Click the extension’s icon");
  await browser.clickIcon(page);
  await shows(panel, ".seeds", demo().markup.title);
});

for (const unknown of UNKNOWN) {
  test(`a paper of ${unknown.site} that the server does not know`, async () => {
    const panel = await opened(unknown);
    await shows(panel, ".failure", "The server does not know this paper.");
    assert.equal(await shows(panel, ".panel > .sent", "Sent"), `Sent to http://localhost:8080: ${unknown.sent[0]}`);
    assert.match(server.asked.at(-1).path, /:resolve$/);
    await press(panel, "Ask by its title");
    await shows(panel, ".seeds", unknown.title);
    assert.equal(await shows(panel, ".panel > .sent", "title"), `Sent to http://localhost:8080: the title “${unknown.title}”`);
    await shows(panel, ".reasons li", "this paper");
    assert.deepEqual(server.asked.at(-1).body.seeds, { positiveIds: [], texts: [{ title: unknown.title }] });
  });
}

test("failures are told in a line, and tried again", async () => {
  for (const [status, headers, body, said] of [
    [429, { "retry-after": "1" }, "", "The quota at this server is used up for now."],
    [503, {}, '{"error":{"message":"no model is published"}}', "http://localhost:8080 could not answer: no model is published."],
    [401, {}, '{"error":{"message":"no such key"}}', "http://localhost:8080 does not accept the key: no such key."],
    [404, { "content-type": "text/html" }, "<h1>Not found</h1>", "http://localhost:8080 does not answer like a cocite server"],
    [200, {}, "<h1>Welcome</h1>", "http://localhost:8080 does not answer like a cocite server"],
    [302, { location: "https://arxiv.org/" }, "", "http://localhost:8080 cannot be reached."],
  ]) {
    server.failing = { status, headers, body };
    const panel = await opened(ARXIV);
    const failure = await shows(panel, ".failure .notice", said);
    assert.ok(!failure.includes("\n"));
    server.failing = undefined;
    await press(panel, "Try again"); // of a quota only after the wait
    await shows(panel, ".seeds", ARXIV.seed);
  }
});

test("markup in titles is text", async () => {
  const panel = await opened(MARKUP);
  const { title } = demo().markup;
  await shows(panel, ".seeds", title);
  await press(panel, "More like this");
  await shows(panel, ".seeds li:nth-child(1)", title);
  assert.equal(await panel.title(), "Related papers");
  assert.equal(await panel.$("main img, main script"), null);
});

test("more like this adds a seed, and it can be dropped", async () => {
  const panel = await opened(ARXIV);
  await shows(panel, ".seeds", ARXIV.seed);
  await shows(panel, ".result", "More like this");
  const first = await panel.$eval(".result h2", (title) => title.textContent);
  await press(panel, "More like this");
  await shows(panel, ".seeds li:nth-child(2)", first);
  // Seeds have short names in reasons, as on the server's page
  await panel.waitForFunction(() => [...document.querySelectorAll(".reasons li")].some((each) => /(?:with|cites|by|of) \S+ \d{4}\b/.test(each.textContent)));
  const [seed, added] = seedsAsked().at(-1);
  assert.equal(await shows(panel, ".panel > .sent", added), `Sent to http://localhost:8080: ${seed}, ${added}`);
  const link = await panel.$eval("header a", (each) => each.href);
  assert.equal(link, `http://localhost:8080/#${new URLSearchParams([["like", seed], ["like", added], ["view", "graph"]])}`);
  await press(panel, "Drop An index");
  await panel.waitForFunction(() => document.querySelectorAll(".seeds li").length === 1);
  await eventually(() => seedsAsked().at(-1).length === 1);
  assert.deepEqual(seedsAsked().at(-1), [added]);
});

test("more pages", async () => {
  const panel = await opened(ARXIV);
  await shows(panel, ".seeds", ARXIV.seed);
  await press(panel, "More papers");
  await panel.waitForFunction(() => document.querySelectorAll(".result").length > 30);
  const titles = await panel.$$eval(".result h2", (all) => all.map((each) => each.textContent));
  assert.equal(new Set(titles).size, titles.length);
});

test("what is saved and dismissed stays, can be undone and leaves as a file", async () => {
  let panel = await opened(ARXIV);
  await shows(panel, ".seeds", ARXIV.seed);
  await shows(panel, ".result", "Dismiss");
  const [first, second, third] = await panel.$$eval(".result h2", (all) => all.map((each) => each.textContent));
  await press(panel, `Save: ${first}`);
  await shows(panel, ".result button[aria-pressed=true]", "Saved");
  await press(panel, `Dismiss: ${second}`);
  await shows(panel, ".dismissed", second);
  const lines = (button) => {
    const range = document.createRange();
    range.selectNodeContents(button);
    return range.getClientRects().length;
  };
  await panel.$eval(".dismissed span", (title) => (title.textContent = "A title that takes all there is of the room ".repeat(3)));
  assert.equal(await panel.$eval(".dismissed button", lines), 1); // however long the title beside it is
  await press(panel, `Dismiss: ${third}`);
  await shows(panel, ".dismissed", third);
  await press(panel, `Undo: ${third}`);
  await shows(panel, ".result h2", third);

  panel = await opened(ARXIV);
  await shows(panel, ".status", "1 dismissed before is not shown.");
  await shows(panel, ".result button[aria-pressed=true]", "Saved");
  const titles = await panel.$$eval(".result h2", (all) => all.map((each) => each.textContent));
  assert.deepEqual(titles.slice(0, 2), [first, third]);

  const options = await browser.options();
  await shows(options, "#counts", "1 saved, 1 dismissed");
  const exported = async (button) => {
    await options.evaluate(() => {
      const make = URL.createObjectURL;
      window.exported = new Promise((resolve) => {
        URL.createObjectURL = (blob) => (resolve(blob.text()), make(blob));
      });
    });
    await options.click(button);
    return options.evaluate(() => window.exported);
  };
  const marks = JSON.parse(await exported("#export-json"));
  assert.deepEqual(marks.map((mark) => [mark.verb, mark.paper.title]), [["save", first], ["dismiss", second]]);
  for (const mark of marks) {
    assert.ok(mark.attributionToken && mark.modelVersion && mark.rank > 0 && Date.parse(mark.time));
    assert.deepEqual(mark.seeds, ["doi:10.1007/s11192-006-0090-4"]);
  }
  const entries = await exported("#export-bibtex");
  assert.equal(entries.match(/^@/gm).length, 1);
  assert.ok(entries.includes(`title = {{${first}}}`));
  options.on("dialog", (dialog) => dialog.accept());
  await options.click("#forget");
  await shows(options, "#counts", "0 saved, 0 dismissed");
  await options.close();
});

/** Events sent to the server since the last test. */
const eventsSent = () => server.asked.filter(({ path }) => path === "/v1/events:record").flatMap(({ body }) => body.events);

/** The panel with results. */
async function answered() {
  const panel = await opened(ARXIV);
  await shows(panel, ".result", "Save");
  return panel;
}

/** Forget all that was said, here and at the server. */
async function forgetAll() {
  const options = await browser.options();
  options.on("dialog", (dialog) => dialog.accept());
  await options.click("#forget");
  await shows(options, "#counts", "0 saved, 0 dismissed");
  await eventually(() => browser.inWorker(async () => Object.keys((await chrome.storage.local.get("sessions")).sessions ?? {}).length === 0));
  await options.close();
}

test("what is saved and dismissed is told to the server, by a random name made at the first of it", async () => {
  await forgetAll();
  const panel = await answered();
  await press(panel, "Save: ");
  const paperId = await panel.waitForFunction(() => /save of (\S+)/.exec(document.querySelector(".panel > .sent").textContent)?.[1]);
  const id = await paperId.jsonValue();
  assert.equal(await shows(panel, ".panel > .sent", id), `Sent to http://localhost:8080: save of ${id}`);
  await press(panel, "Save: "); // the same button takes it back
  await shows(panel, ".panel > .sent", `undone save of ${id}`);
  await press(panel, "Dismiss: ");
  await shows(panel, ".panel > .sent", `dismissal of ${id}`);
  const sent = eventsSent();
  assert.deepEqual(sent.map(({ kind, undo, paperId }) => [kind, undo, paperId]), [
    ["EVENT_KIND_SAVE", false, id],
    ["EVENT_KIND_SAVE", true, id],
    ["EVENT_KIND_DISMISS", false, id],
  ]);
  const [{ reader }] = sent;
  assert.match(reader.sessionId, /^[0-9a-f]{64}$/);
  for (const event of sent) assert.ok(event.attributionToken && event.position > 0 && event.reader.sessionId === reader.sessionId);
  const ask = (method, body) =>
    fetch(`${own.address}/v1/readers:${method}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const held = await (await ask("get", { reader })).json();
  assert.deepEqual(held.papers.map(({ paper, kinds }) => [paper.paperId, kinds]), [[id, ["EVENT_KIND_DISMISS"]]]);
  await forgetAll();
  assert.deepEqual((await (await ask("get", { reader })).json()).papers ?? [], []);
});

test("what cannot be sent now is sent later, with the same ids", async () => {
  const panel = await answered();
  // What waits for another server stays here, until there is too much of it
  await browser.inWorker(() => {
    const waiting = Array.from({ length: 200 }, (_, index) => ({ server: "https://other.example", event: { eventId: String(index) } }));
    return chrome.storage.local.set({ waiting });
  });
  server.failing = { status: 503, headers: {}, body: "{}" };
  await press(panel, "Save: ");
  await shows(panel, ".said", "sent later");
  await shows(panel, ".result button[aria-pressed=true]", "Saved");
  const [failed] = eventsSent();
  server.failing = undefined;
  server.asked.length = 0;
  await opened(ARXIV);
  await eventually(() => eventsSent().length === 1);
  assert.deepEqual(eventsSent(), [failed]);
  const others = Array.from({ length: 199 }, (_, index) => String(index + 1));
  const left = () => browser.inWorker(async () => (await chrome.storage.local.get("waiting")).waiting.map(({ event }) => event.eventId));
  await eventually(async () => JSON.stringify(await left()) === JSON.stringify(others));
  await forgetAll();
});

test("a server without feeds: what is said stays in the browser, and that is told", async () => {
  const panel = await answered();
  server.failing = { status: 501, headers: {}, body: '{"error":{"message":"no feeds here"}}' };
  await press(panel, "Save: ");
  await shows(panel, ".said", "http://localhost:8080 takes no feedback. Kept in this browser alone.");
  server.failing = undefined;
  assert.deepEqual(await browser.inWorker(async () => (await chrome.storage.local.get("waiting")).waiting), []);
  const { path } = server.asked.at(-1);
  assert.equal(path, "/v1/events:record");
  await forgetAll();
});

test("a page about no paper leaves nothing of the one before", async () => {
  const panel = await opened(ARXIV);
  await shows(panel, ".result", "More like this");
  await page.goto(NO_PAPER.url);
  await browser.clickIcon(page);
  await shows(panel, ".page", "No paper found on this page.");
  assert.equal(await panel.$(".seeds, .result, header a:not([hidden])"), null);
  assert.equal(await panel.$eval(".panel > .sent", (line) => line.textContent), "");
});

test("the options tell that the browser asks for leave, and nothing stale meanwhile", async () => {
  const options = await browser.options();
  await options.click("button.primary");
  await shows(options, "#checked", "Connected");
  // A browser that waits for its reader, as headless ones do not
  await options.evaluate(() => (chrome.permissions.request = () => new Promise(() => undefined)));
  await options.$eval("#server", (input) => (input.value = "cocite.example.org"));
  await options.click("button.primary");
  assert.equal(await shows(options, "#checked", "Waiting"), "Waiting for your leave to reach https://cocite.example.org…");
  await options.close();
});

test("BibTeX is copied", async () => {
  const panel = await opened(ARXIV);
  await shows(panel, ".seeds", ARXIV.seed);
  await press(panel, "BibTeX");
  await shows(panel, ".said", "BibTeX copied.");
});

test("the key goes to the server, and no page's script can have it", async () => {
  const options = await browser.options();
  await options.type("#key", "none of the server's");
  await options.click("button.primary");
  await shows(options, "#checked.wrong", "http://localhost:8080 does not accept the key");
  const key = newKey();
  await saveKey(options, key);
  await options.close();
  server.asked.length = 0;
  await opened(ARXIV);
  await eventually(() => server.asked.some(({ path }) => path.endsWith(":recommend")));
  for (const { headers } of server.asked) assert.equal(headers.authorization, `Bearer ${key}`);

  // A script of ours in the page has the rights of a content script
  const inPage = () =>
    browser.inWorker(async () => {
      const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
      const steal = async () => [
        await chrome.storage.local.get(null).catch(String),
        ...(await Promise.all(["setup", "allMarks", "check"].map((kind) => chrome.runtime.sendMessage({ kind }).catch(String)))),
      ];
      const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: steal });
      return result;
    });
  const found = await inPage();
  assert.match(found[0], /Access to storage is not allowed/);
  assert.ok(found.slice(1).every((each) => each === null || /port closed|not exist/.test(each)), JSON.stringify(found));
  // Were storage open to it, this test would see the key
  await browser.inWorker(() => chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_AND_UNTRUSTED_CONTEXTS" }));
  assert.equal((await inPage())[0].settings.key, key);
  await browser.inWorker(() => chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" }));
});

test("a quota that is used up tells how long to wait", async () => {
  const options = await browser.options();
  await saveKey(options, newKey("--rate", "2"));
  await options.close();
  const panel = await opened(ARXIV);
  // a gateway lets a few through beyond the rate
  for (let asked = 0; asked < 10 && !(await panel.$(".failure")); asked++) {
    await opened(ARXIV);
    await panel.waitForSelector(".failure, .result");
  }
  await shows(panel, ".failure .notice", "The quota at this server is used up for now.");
  await shows(panel, ".failure button:disabled", "Try again in");
  const again = await browser.options();
  await saveKey(again, "");
  await again.close();
});

test("the options say what is wrong with an address", async () => {
  const options = await browser.options();
  for (const [address, said] of [
    ["http://cocite.example.org", "Only a server on this computer can be asked over http"],
    ["https://user:secret@cocite.example.org", "Leave user and password out"],
    ["ftp://localhost", "not over ftp"],
    ["https://cocite.example.org/page", "Leave out what follows https://cocite.example.org"],
    ["https://not an address", "Write the address as"],
  ]) {
    await options.$eval("#server", (input, address) => (input.value = address), address);
    await options.click("button.primary");
    await shows(options, "#checked.wrong", said);
  }
  await options.close();
});

test("no flaws of accessibility, in light and in dark", async () => {
  const panel = await opened(ARXIV);
  await shows(panel, ".seeds", ARXIV.seed);
  await shows(panel, ".result", "Save");
  const options = await browser.options();
  for (const each of [panel, options]) {
    await each.evaluate(AXE);
    for (const value of ["light", "dark"]) {
      await each.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
      const { violations } = await each.evaluate(() => axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes[0].html]), []);
    }
  }
  // axe finds what there is to find
  await options.evaluate(() => document.querySelector("label").remove());
  assert.ok((await options.evaluate(() => axe.run())).violations.some(({ id }) => id === "label"));
  await options.close();
});
