// The page in Chromium: what a reader does with it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM, demo, SMALL } from "./support.mjs";

const { gateway: base, markup } = demo();
const OTHER = "doi:10.1126/science.149.3683.510";
const OTHER_TITLE = "Networks of Scientific Papers";
let browser;
let context;

before(async () => {
  browser = await chromium.launch(CHROMIUM);
  context = await browser.newContext();
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
});
after(() => browser.close());

/** A page in which nothing may go wrong unseen. */
async function opened(t, fragment = "") {
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  t.after(async () => {
    await page.close();
    assert.deepEqual(wrong, []);
  });
  await page.goto(base + (fragment && `/#${fragment}`));
  return page;
}

async function recommended(seeds) {
  const asked = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ seeds }) };
  return (await fetch(`${base}/v1/papers:recommend`, asked)).json();
}

async function paste(page, text) {
  await page.evaluate((words) => navigator.clipboard.writeText(words), text);
  await page.focus("#entry");
  await page.keyboard.press("Control+V");
}

const idsOf = (page) => page.locator(".result").evaluateAll((all) => all.map((each) => each.dataset.id));
const settled = (page) => page.waitForSelector("#results[aria-busy=false] .result");

/** What the list is after an act that changes it. */
async function changed(page, act) {
  const before = await idsOf(page);
  await act();
  await page.waitForFunction(
    (ids) => JSON.stringify([...document.querySelectorAll(".result")].map((each) => each.dataset.id)) !== ids,
    JSON.stringify(before),
  );
  return idsOf(page);
}

test("a pasted DOI gives the list, with titles, authors, years, venues and reasons", async (t) => {
  const page = await opened(t);
  await paste(page, "https://doi.org/10.1002/asi.4630240406");
  await settled(page);
  assert.equal((await idsOf(page)).length, 20);
  assert.match(await page.locator("#seeds").innerText(), /Small 1973/);
  const first = page.locator(".result").first();
  assert.match(await first.innerText(), /Author cocitation[\s\S]*White[\s\S]*1981[\s\S]*Information Science[\s\S]*cited together by \d+ papers/);
  assert.match(await first.locator("h3 a").getAttribute("href"), /^https:\/\/doi\.org\/10\./);
});

test("what is typed is looked up while typing, and offered", async (t) => {
  const page = await opened(t);
  await page.locator("#entry").pressSequentially("10.1126/science.149.3683.510");
  await page.locator(".offer", { hasText: OTHER_TITLE }).click();
  await settled(page);
  assert.match(page.url(), /like=doi%3A10\.1126/);
});

test("a pasted title finds its paper, other words are a text to start from", async (t) => {
  const page = await opened(t);
  await paste(page, OTHER_TITLE);
  await settled(page);
  assert.match(await page.locator("#seeds").innerText(), /Price 1965/);
  await page.fill("#entry", "mapping the structure of science");
  await page.press("#entry", "Enter");
  await page.waitForFunction(() => location.hash.includes("text=mapping"));
  assert.match(await page.locator("#seeds").innerText(), /“mapping the structure of science”/);
  await page.locator(".reason", { hasText: "mapping the structure" }).first().waitFor();
});

test("words that nothing is close to are said to be such, others are not", async (t) => {
  // The encoder of the tests knows no meaning, so that any words may be near: the answers tell which are
  const highest = async (title) => {
    const { results } = await recommended({ texts: [{ title }] });
    const reasons = results.flatMap((each) => each.reasons ?? []);
    assert.ok(reasons.every((each) => each.textLikeness || each.sharedTerms), title);
    return Math.max(...reasons.map((each) => each.textLikeness?.cosine ?? 0), 0);
  };
  const words = ["co-citation", "bibliometrics", "banana bread", "walnuts", "kubernetes", "sonata in b minor", "a long way to tipperary", "zebra crossing"];
  const [near, far] = [[], []];
  for (const each of words) ((await highest(each)) < 0.3 ? far : near).push(each);
  assert.ok(near.length && far.length, JSON.stringify({ near, far }));
  const page = await opened(t, new URLSearchParams({ text: far[0] }));
  await settled(page);
  await page.locator("#notes", { hasText: "Nothing here is close" }).waitFor();
  await changed(page, () => page.evaluate((text) => (location.hash = `#${new URLSearchParams({ text })}`), near[0]));
  assert.equal(await page.locator("#notes").innerText(), "");
  await changed(page, () => page.evaluate(([like, text]) => (location.hash = `#${new URLSearchParams({ like, text })}`), [SMALL, far[0]]));
  assert.equal(await page.locator("#notes").innerText(), "");
});

test("who has no paper at hand is offered some", async (t) => {
  const page = await opened(t);
  const example = page.locator("#examples button").first();
  const title = await example.innerText();
  await example.click();
  await settled(page);
  assert.match(page.url(), /#like=/);
  assert.ok((await page.locator("#seeds").innerText()).includes(title.slice(0, 20)));
  assert.equal(await page.locator("#welcome").isVisible(), false);
});

test("a title that is broken into lines is one title, an address that tells no paper is none", async (t) => {
  const page = await opened(t);
  await paste(page, "Networks of\n  Scientific Papers");
  await settled(page);
  assert.match(await page.locator("#seeds").innerText(), /Price 1965/);
  await paste(page, "https://example.org/nothing");
  await page.locator("#entry-notes", { hasText: "Not in the catalogue: “https://example.org/nothing”" }).waitFor();
});

test("pasted BibTeX becomes seeds, and what is unknown is named", async (t) => {
  const page = await opened(t);
  await paste(page, `@article{a, title={${OTHER_TITLE}}, year=1965}\n@article{b, title={A work that nobody has written}}`);
  await settled(page);
  assert.match(await page.locator("#seeds").innerText(), /Price 1965/);
  assert.match(await page.locator("#entry-notes").innerText(), /Not in the catalogue: “A work that nobody has written”/);
});

test("a .bib file can be dropped, of many entries it makes a list of references", async (t) => {
  const page = await opened(t, `like=${SMALL}`);
  await settled(page);
  await page.locator("#more").click();
  await page.waitForFunction(() => document.querySelectorAll(".result").length === 40);
  const ids = await idsOf(page);
  const bib = ids.map((id, index) => `@article{k${index}, doi = {${id.replace(/^doi:/, "")}}}`).join("\n");
  await page.goto("about:blank");
  await page.goto(base);
  const transfer = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "mine.bib"));
    return data;
  }, bib);
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await settled(page);
  assert.match(await page.locator("#seeds").innerText(), new RegExp(`${ids.length} references`));
  const found = await idsOf(page);
  assert.ok(found.every((id) => !ids.includes(id)));
});

test("a file that is no BibTeX is refused in words", async (t) => {
  const page = await opened(t);
  await page.setInputFiles("#file", { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("nothing here") });
  await page.locator("#entry-notes", { hasText: "notes.txt holds no BibTeX entries" }).waitFor();
});

test("an address of mail before a year in brackets is no BibTeX", async (t) => {
  const page = await opened(t);
  await page.fill("#entry", "mapping science, jane@uni (2020)");
  await page.locator(".offer", { hasText: "Search by the words “mapping science, jane@uni (2020)”" }).waitFor();
});

test("an id of no paper is said to be unknown, in the box and in a link", async (t) => {
  const page = await opened(t);
  await paste(page, "10.9999/nothing");
  await page.locator("#entry-notes", { hasText: "10.9999/nothing" }).waitFor();
  await page.goto("about:blank");
  await page.goto(`${base}/#like=${SMALL}&like=doi:10.9999/nothing`);
  await page.locator("#notes", { hasText: "Left out doi:10.9999/nothing: no paper in the catalogue has this id" }).waitFor();
  await settled(page);
});

test("reasons expand to the papers behind them", async (t) => {
  const page = await opened(t, `like=${SMALL}`);
  await settled(page);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  const reason = page.locator(".reason", { hasText: "cited together by" }).first();
  await reason.locator("summary").click();
  await reason.locator(".evidence li").first().waitFor();
  assert.ok(asked.some((url) => url.endsWith("/BatchGetPapers")));
  assert.match(await reason.locator(".evidence").innerText(), /Both are cited by \d+ papers/);
  assert.doesNotMatch(await reason.locator(".evidence li").first().innerText(), /^doi:/);
  const shared = page.locator(".reason", { hasText: /shares \d+ references/ }).first();
  if (await shared.count()) {
    await shared.locator("summary").click();
    await shared.locator(".evidence li").first().waitFor();
    const [count] = /\d+/.exec(await shared.locator("summary").innerText());
    assert.equal(await shared.locator(".evidence li").count(), Number(count));
  }
});

test("results become seeds, wanted or unwanted, and the list changes", async (t) => {
  const page = await opened(t, `like=${SMALL}`);
  await settled(page);
  const [first, second] = await idsOf(page);
  const liked = await changed(page, () => page.locator(".result").first().getByRole("button", { name: /^More like this/ }).click());
  assert.ok(!liked.includes(first));
  await page.locator(".reason", { hasText: "White 1981" }).first().waitFor();
  const target = page.locator(`.result[data-id="${second}"]`);
  const unliked = await changed(page, () => target.getByRole("button", { name: /^Less like this/ }).click());
  assert.ok(!unliked.includes(second));
  assert.match(decodeURIComponent(page.url()), new RegExp(`unlike=${second.replace(/[()<>.:;/]/g, ".")}`));
  assert.equal(await page.locator(".chip.negative").count(), 1);
  await page.locator(".shares", { hasText: /^Owed to .* \d+ %/ }).first().waitFor();
  await changed(page, () => page.locator(".chip.negative .sign").click());
  assert.equal(await page.locator(".chip.negative").count(), 0);
  assert.equal(await page.locator(".chip").count(), 3);
  assert.match(await page.evaluate(() => document.activeElement.className), /sign/); // the keyboard stays where it was
  await changed(page, () => page.locator(".chip .removal").last().click());
  assert.equal(await page.locator(".chip").count(), 2);
});

test("only unwanted seeds are no question, and it is said", async (t) => {
  const page = await opened(t, `unlike=${SMALL}`);
  await page.locator("#notes", { hasText: "at least one" }).waitFor();
});

test("filters and diversity change the list", async (t) => {
  const page = await opened(t, `like=${SMALL}`);
  await settled(page);
  await changed(page, async () => {
    await page.fill("#from", "1990");
    await page.fill("#to", "1999");
    await page.press("#to", "Tab");
  });
  await page.waitForURL(/from=1990&to=1999/);
  await settled(page);
  const years = async () =>
    (await page.locator(".source").allInnerTexts()).map((line) => Number(/^\d+/.exec(line)?.[0]));
  await page.waitForFunction(() => [...document.querySelectorAll(".source")].every((each) => /^199\d/.test(each.textContent)));
  assert.ok((await years()).every((year) => year >= 1990 && year <= 1999));
  await page.fill("#from", "2005");
  await page.press("#from", "Tab");
  await page.locator("#filter-trouble", { hasText: "No year is both" }).waitFor();
  assert.equal(await page.locator(".result:visible").count(), 0); // those of other years
  assert.equal(await page.locator("#more, #tools").locator("visible=true").count(), 0);
  await page.fill("#from", "1990");
  await page.press("#from", "Tab");
  await page.locator(".result:visible").first().waitFor();
  assert.equal(await page.locator("#filter-trouble").innerText(), "");
  await changed(page, () => page.locator("#clear-filters").click());

  await changed(page, async () => {
    await page.fill("#venue", "Scientometrics");
    await page.press("#venue", "Enter");
  });
  assert.ok((await page.locator(".source").allInnerTexts()).every((line) => line.includes("Scientometrics")));
  await changed(page, () => page.locator("#venues .removal").click());

  await page.focus("#diversity");
  await changed(page, () => page.keyboard.press("End"));
  assert.match(page.url(), /diversity=1/);
  assert.match(await page.locator("#diversity-told").innerText(), /100/);
});

test("more results come on demand, behind those that are there", async (t) => {
  const page = await opened(t, `like=${SMALL}`);
  await settled(page);
  const before = await idsOf(page);
  await page.locator("#more").click();
  await page.waitForFunction(() => document.querySelectorAll(".result").length === 40);
  const now = await idsOf(page);
  assert.deepEqual(now.slice(0, 20), before);
  assert.equal(new Set(now).size, 40);
});

test("a link holds everything: reloaded it shows the same, and back goes back without a reload", async (t) => {
  const page = await opened(t, `like=${SMALL}`);
  await settled(page);
  await page.evaluate(() => (window.kept = true));
  await changed(page, () => page.locator(".result").first().getByRole("button", { name: /^More like this/ }).click());
  await page.fill("#from", "1980");
  await changed(page, () => page.press("#from", "Tab"));
  assert.equal(await page.evaluate(() => window.kept), true);
  const [url, shown] = [page.url(), await idsOf(page)];
  const places = () => page.locator("#tools button:not(#link)").evaluateAll((all) => all.map((each) => each.getBoundingClientRect().x));
  const before = await places();
  await page.locator("#link").click();
  await page.locator("#link", { hasText: "Copied" }).waitFor();
  assert.deepEqual(await places(), before);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), url);
  await page.reload();
  await settled(page);
  assert.deepEqual(await idsOf(page), shown);
  assert.equal(await page.inputValue("#from"), "1980");
  await changed(page, () => page.goBack());
  assert.equal(await page.inputValue("#from"), "");
  await changed(page, () => page.evaluate((id) => (location.hash = `#like=${id}`), OTHER)); // a link put into the address
});

test("markup in titles, authors and venues stays text, in the list, the evidence and the graph", async (t) => {
  const page = await opened(t, `like=${markup.id}&like=${SMALL}`);
  await settled(page);
  assert.ok((await page.locator("#seeds").innerText()).includes(markup.title));
  await page.goto("about:blank");
  await page.goto(`${base}/#like=${SMALL}&from=2021&to=2021`);
  const result = page.locator(`.result[data-id="${markup.id}"]`);
  await result.waitFor();
  assert.equal(await result.locator("h3").innerText(), markup.title);
  assert.ok((await result.innerText()).includes(markup.authors[0]));
  assert.ok((await result.innerText()).includes(markup.venue));
  await page.locator("#as-graph").click();
  await page.locator(".node", { has: page.locator("circle") }).first().waitFor();
  await page.locator(`.node[aria-label*="onerror"]`).click();
  assert.equal(await page.locator("#graph-paper h3").innerText(), markup.title);
  assert.equal(await page.locator("main img, main script").count(), 0);
  assert.match(await page.title(), /^cocite/);
});
