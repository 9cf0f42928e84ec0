// The page in Firefox, driven by WebDriver BiDi.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { axeRun, BROWSERS, demo, eventually, MOST_INTERACTIVE_MS, SMALL } from "./support.mjs";

const { gateway: base, markup } = demo();
let browser;
before(async () => {
  browser = await puppeteer.launch({ browser: "firefox", executablePath: BROWSERS["firefox-esr"], headless: true });
});
after(() => browser.close());

async function opened(t, fragment = "", viewport = { width: 1100, height: 900 }) {
  const page = await browser.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  t.after(async () => {
    await page.close();
    assert.deepEqual(wrong, []);
  });
  await page.setViewport(viewport);
  await page.goto(base + (fragment && `/#${fragment}`));
  return page;
}

const idsOf = (page) => page.$$eval(".result", (all) => all.map((each) => each.dataset.id));
const listed = (page) => page.waitForSelector("#results[aria-busy=false] .result");
// Polled from here: what puppeteer polls within the page is stopped by its content security policy.
const says = (page, selector, words) =>
  eventually(() =>
    page.evaluate((place, told) => document.querySelector(place)?.textContent.includes(told), selector, words),
  );

async function changed(page, act) {
  const before = JSON.stringify(await idsOf(page));
  await act();
  await eventually(async () => JSON.stringify(await idsOf(page)) !== before);
  return idsOf(page);
}

test("an id that is typed is offered, and gives the list with reasons that expand", async (t) => {
  const page = await opened(t);
  await page.type("#entry", "https://doi.org/10.1002/asi.4630240406");
  await says(page, "#offers", "Small 1973");
  await page.keyboard.press("Enter");
  await listed(page);
  assert.equal((await idsOf(page)).length, 20);
  await page.click(".reason summary");
  await page.waitForSelector(".evidence li");
});

test("a dropped .bib file gives seeds", async (t) => {
  const page = await opened(t);
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    const entries = "@article{a, title={Networks of Scientific Papers}}\n@article{b, title={A work that nobody has written}}";
    dataTransfer.items.add(new File([entries], "mine.bib"));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
  });
  await says(page, "#seeds", "Price 1965");
  await says(page, "#entry-notes", "A work that nobody has written");
});

test("results become seeds, filters and diversity change the list, a reload keeps it", async (t) => {
  const page = await opened(t, `like=${SMALL}`);
  await listed(page);
  await changed(page, () => page.click(".result .judging button"));
  await changed(page, () => page.click(".result .judging button + button"));
  await changed(page, async () => {
    await page.type("#from", "1990");
    await page.keyboard.press("Tab");
  });
  await page.focus("#diversity");
  const shown = await changed(page, () => page.keyboard.press("End"));
  assert.match(await page.evaluate(() => location.hash), /like=.*like=.*unlike=.*from=1990&diversity=1/);
  await page.reload();
  await listed(page);
  assert.deepEqual(await idsOf(page), shown);
});

test("the graph is walked by keyboard", async (t) => {
  const page = await opened(t, `like=${SMALL}&view=graph`);
  await page.waitForSelector("#graph .node");
  await page.focus("[aria-label='Export as JSON']");
  await page.keyboard.press("Tab");
  await says(page, "#graph-paper", "A seed.");
  await page.keyboard.press("ArrowRight");
  await page.waitForSelector("#graph-paper .judging");
  const label = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  assert.ok(label.includes(await page.$eval("#graph-paper h3", (title) => title.textContent)));
});

test("markup in a title stays text, and is exported as such", async (t) => {
  const page = await opened(t, `like=${SMALL}&from=2021&to=2021`);
  await listed(page);
  assert.ok((await page.$$eval(".result h3", (all) => all.map((each) => each.textContent))).includes(markup.title));
  await page.evaluate(() => {
    const made = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) => {
      window.exported = blob.text();
      return made(blob);
    };
  });
  await page.click("[aria-label='Export as JSON']");
  await eventually(() => page.evaluate(() => window.exported !== undefined));
  const papers = JSON.parse(await page.evaluate(() => window.exported));
  assert.ok(papers.some((paper) => paper.title === markup.title));
});

test("what is saved on the page of new papers is in the library", async (t) => {
  const page = await opened(t);
  await page.goto(`${base}/today`);
  const title = await (await page.waitForSelector(".paper h3")).evaluate((each) => each.textContent);
  await page.click("button[aria-label^='Save: ']");
  await eventually(() => page.evaluate(() => localStorage.getItem("cocite-events") === null && localStorage.getItem("cocite-reader")));
  await page.goto(`${base}/library?list=saved`);
  await says(page, "#results h3", title);
  await page.click("#delete");
  await page.click("#sure .danger");
  await says(page, "#notes", "Everything about you is deleted");
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing in ${scheme} colours`, async (t) => {
    const page = await opened(t);
    await page.evaluate((chosen) => localStorage.setItem("cocite-theme", chosen), scheme);
    for (const view of ["list", "graph"]) {
      await page.goto("about:blank");
      await page.goto(`${base}/#like=${SMALL}&like=doi:10.9999/nothing&view=${view}`);
      await page.waitForSelector(view === "list" ? ".result" : ".node");
      assert.deepEqual(await axeRun(page), []);
    }
  });
}

test("a phone needs no scrolling sideways", async (t) => {
  for (const fragment of ["", `like=${SMALL}`, `like=${SMALL}&view=graph`]) {
    const page = await opened(t, fragment, { width: 390, height: 844 });
    if (fragment) await page.waitForSelector(".result, .node");
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
  }
});

test("soon in use", async (t) => {
  const page = await opened(t, `like=${SMALL}`);
  await listed(page);
  const [interactive, list] = await page.evaluate(() =>
    ["interactive", "list"].map((name) => Math.round(performance.getEntriesByName(name)[0].startTime)),
  );
  t.diagnostic(`interactive after ${interactive} ms, the list after ${list} ms`);
  assert.ok(interactive < MOST_INTERACTIVE_MS);
});
