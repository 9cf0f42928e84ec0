// The readers' pages in Chromium: what they do is kept, shows, and goes again.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { axeRun, CHROMIUM, demo, eventually, freePort, gateway, SMALL } from "./support.mjs";

const { gateway: base } = demo();
const RECORD = "/cocite.v1.FeedService/RecordEvents";
const PAGES = ["today", "trending", "library", "subscribe"];
const DAY = "2020-01-01"; // on which the demo has a paper
let browser;
before(async () => (browser = await chromium.launch(CHROMIUM)));
after(() => browser.close());

/** A page of a new reader, in which nothing may go wrong unseen; sent: bodies of the events that it sends. */
async function opened(t, path, { address = base, init } = {}) {
  const context = await browser.newContext();
  if (init) await context.addInitScript(init);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const [wrong, sent] = [[], []];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => request.url().endsWith(RECORD) && sent.push(request.postDataBuffer().toString("latin1")));
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  await page.goto(`${address}/${path}`);
  await listed(page);
  return { page, sent };
}

const listed = (page) =>
  page.waitForFunction(() => performance.getEntriesByName("interactive").length && document.body.getAttribute("aria-busy") !== "true");
const papers = (page) => page.locator(".paper");
const idOf = (paper) => paper.getAttribute("data-id");
const button = (paper, words) => paper.getByRole("button", { name: new RegExp(`^${words}: `) });
const delivered = (page) => page.waitForFunction(() => localStorage.getItem("cocite-events") === null);
const idsOf = (page) => papers(page).evaluateAll((all) => all.map((each) => each.dataset.id));

async function asked(method, request) {
  const headers = { "content-type": "application/json" };
  return (await fetch(`${base}/v1/${method}`, { method: "POST", headers, body: JSON.stringify(request) })).json();
}

async function visited(page, path) {
  await page.goto(`${base}/${path}`);
  await listed(page);
}

test("the feed follows what is saved, says so, and leaves the library with everything else", async (t) => {
  const { page } = await opened(t, "library");
  await page.locator("#status", { hasText: "Your feed begins with the first paper" }).waitFor();
  assert.equal(await page.locator("#mine").isVisible(), false);

  await visited(page, "today");
  const saved = papers(page).first();
  const [id, title] = [await idOf(saved), await saved.locator("h3").innerText()];
  await button(saved, "Save").click();
  await button(saved, "Saved").waitFor();
  await delivered(page);
  await visited(page, "library");
  await page.locator(".because", { hasText: `because you saved “${title.slice(0, 40)}` }).first().waitFor();
  const first = await idsOf(page);
  assert.ok(!first.includes(id));

  await button(papers(page).first(), "Dismiss").click();
  await page.locator(".gone", { hasText: "Dismissed: " }).waitFor();
  await delivered(page);
  await visited(page, "library");
  assert.ok(!(await idsOf(page)).includes(first[0]));

  await visited(page, "library?list=dismissed");
  assert.deepEqual(await idsOf(page), [first[0]]);
  assert.equal(await button(papers(page).first(), "Dismissed").getAttribute("aria-pressed"), "true");

  await visited(page, "library?list=saved");
  assert.deepEqual(await idsOf(page), [id]);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as BibTeX" }).click();
  assert.equal((await download).suggestedFilename(), "library.bib");

  const address = await page.inputValue("#feed-address");
  assert.equal((await fetch(address)).status, 200);
  await page.locator("#rotate").click();
  await page.locator("#mine-said", { hasText: "The old one has ended" }).waitFor();
  assert.notEqual((await fetch(address)).status, 200);
  assert.equal((await fetch(await page.inputValue("#feed-address"))).status, 200);

  const name = await page.evaluate(() => localStorage.getItem("cocite-reader"));
  await page.locator("#delete").click();
  await page.getByRole("button", { name: "Keep it" }).click();
  assert.equal(await page.evaluate(() => localStorage.getItem("cocite-reader")), name);
  await page.locator("#delete").click();
  await page.getByRole("button", { name: "Delete everything", exact: true }).click();
  await page.locator("#notes", { hasText: "Everything about you is deleted" }).waitFor();
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  assert.deepEqual(await asked("readers:get", { reader: { sessionId: name } }), {});
});

test("an upvote counts at once, for others too, and is taken back", async (t) => {
  const { page } = await opened(t, `today?date=${DAY}`);
  const { page: other } = await opened(t, `today?date=${DAY}`);
  const count = async (shown) => Number((await shown.locator(".vote").first().innerText()).replace(/\D/g, ""));
  const before = await count(page);
  await page.locator(".vote").first().click();
  assert.equal(await count(page), before + 1);
  await delivered(page);
  await eventually(async () => {
    await other.reload();
    await listed(other);
    return (await count(other)) === before + 1;
  });
  assert.equal(await other.locator(".vote").first().getAttribute("aria-pressed"), "false");
  await page.reload();
  await listed(page);
  assert.equal(await page.locator(".vote").first().getAttribute("aria-pressed"), "true");
  await page.locator(".vote").first().click();
  assert.equal(await count(page), before);
});

test("what is dismissed makes room, can be had back, and is not shown again", async (t) => {
  const { page } = await opened(t, "today");
  const paper = papers(page).first();
  const id = await idOf(paper);
  await button(paper, "Dismiss").click();
  await button(paper, "Undo").click();
  await button(paper, "Dismiss").click();
  await delivered(page);
  await page.reload();
  await listed(page);
  assert.ok(!(await idsOf(page)).includes(id));
  await page.locator(".day", { hasText: "1 paper that you dismissed is not shown" }).first().waitFor();
});

test("where nothing is, a link leads to where something is", async (t) => {
  const { page } = await opened(t, "library");
  for (const path of ["library", "library?list=saved", "trending?field=Astrology"]) {
    await visited(page, path);
    await page.locator("#status a", { hasText: "the new papers" }).click();
    await page.waitForURL(/\/today$/);
    await papers(page).first().waitFor();
  }
});

test("before the first day nothing is said to follow", async (t) => {
  const { page } = await opened(t, "today?date=1600-01-01");
  assert.match(await page.locator("#status").innerText(), /, and none before it\.$/);
  await visited(page, "today?date=2100-01-01");
  assert.match(await page.locator("#status").innerText(), /; those before it follow\.$/);
});

test("days are gone through, abstracts and similar papers open, fields narrow", async (t) => {
  const { page } = await opened(t, `today?date=${DAY}`);
  assert.equal(await page.inputValue("#date"), DAY);
  const dayOf = () => page.locator(".day").first().getAttribute("data-date");
  await page.locator("#previous-day").click();
  await page.waitForURL(/date=2019/);
  await eventually(async () => (await dayOf()) < DAY);
  await page.goBack();
  await eventually(async () => (await dayOf()) === DAY);
  await page.locator("#next-day").click();
  await eventually(async () => (await dayOf()) > DAY);
  await page.fill("#date", "2019-06-15");
  await page.waitForURL(/date=2019-06-15/);
  const paper = papers(page).filter({ has: page.getByRole("button", { name: /^Abstract/ }) }).first();
  await button(paper, "Abstract").click();
  await eventually(async () => (await paper.locator(".expansion").innerText()).length > 100);
  await button(paper, "Similar").click();
  await paper.locator(".expansion li a").first().waitFor();
  await page.fill("#field", "Astrology");
  await page.press("#field", "Enter");
  await page.locator("#status", { hasText: "“Astrology”" }).waitFor();
});

test("a server without mail says that it sends none", async (t) => {
  const { page } = await opened(t, "subscribe");
  await page.fill("#email", "reader@example.org");
  await page.getByRole("button", { name: "Subscribe", exact: true }).click();
  await page.locator("#notes", { hasText: "This server sends no mail" }).waitFor();
});

test("while the server is away acts wait, and arrive once it is back", async (t) => {
  const port = await freePort();
  let server = await gateway(port);
  t.after(() => server.end());
  const { page, sent } = await opened(t, "today", { address: server.address });
  await server.end();
  const paper = papers(page).first();
  const id = await idOf(paper);
  await button(paper, "Save").click();
  await paper.locator(".said", { hasText: "sent as soon as it answers" }).waitFor();
  const [{ eventId }] = JSON.parse(await page.evaluate(() => localStorage.getItem("cocite-events")));
  server = await gateway(port);
  await page.reload();
  await delivered(page);
  assert.ok(sent.length > 1 && sent.every((body) => body.includes(eventId)));
  await page.goto(`${server.address}/library?list=saved`);
  await listed(page);
  assert.deepEqual(await idsOf(page), [id]);
});

test("an act that the server refuses goes back, with a line", async (t) => {
  const sameEachTime = () => (Crypto.prototype.getRandomValues = (bytes) => bytes.fill(7));
  const { page } = await opened(t, "today", { init: sameEachTime });
  const [reader, eventId] = [{ sessionId: "07".repeat(32) }, "07".repeat(16)];
  const another = { reader, eventId, paperId: SMALL, kind: "EVENT_KIND_CLICK" }; // by the id that the next act will have
  assert.ok((await asked("events:record", { events: [another] })).results);
  const paper = papers(page).first();
  await button(paper, "Save").click();
  await paper.locator(".said", { hasText: "That was not taken: the server has something else by this name." }).waitFor();
  await button(paper, "Save").waitFor();
});

test("nothing is sent before an act, and nothing but acts where the browser asks for it", async (t) => {
  const control = () => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true });
  const { page, sent } = await opened(t, "today");
  const { page: guarded, sent: byGuarded } = await opened(t, "today", { init: control });
  const seen = async (shown) => {
    await shown.waitForTimeout(1500);
    await button(papers(shown).first(), "Abstract").click();
    await shown.evaluate(() => dispatchEvent(new Event("pagehide")));
  };
  await seen(page);
  assert.deepEqual(sent, []);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  for (const shown of [page, guarded]) {
    await button(papers(shown).first(), "Save").click();
    await delivered(shown);
    await shown.reload();
    await listed(shown);
    await seen(shown);
    await delivered(shown);
  }
  assert.equal(byGuarded.length, 1);
  assert.ok(sent.length > 1);
});

test("axe finds nothing, in both schemes of colours, and a phone needs no scrolling sideways", async (t) => {
  const { page } = await opened(t, "today");
  await button(papers(page).first(), "Save").click();
  await button(papers(page).nth(1), "Dismiss").click();
  await delivered(page);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [index, path] of PAGES.entries()) {
    await page.emulateMedia({ colorScheme: index % 2 ? "light" : "dark" });
    await page.goto(`${base}/${path}`);
    await listed(page);
    assert.deepEqual(await axeRun(page), [], path);
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${path} at ${width}`);
    }
  }
});
