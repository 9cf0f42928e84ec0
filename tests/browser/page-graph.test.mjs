// The graph of the page in Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM, demo, SMALL } from "./support.mjs";

const { gateway: base } = demo();
let browser;
before(async () => (browser = await chromium.launch(CHROMIUM)));
after(() => browser.close());

async function graph(t, fragment = `like=${SMALL}`) {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
  t.after(() => page.close());
  await page.goto(`${base}/#${fragment}&view=graph`);
  await page.locator("#graph .node").first().waitFor();
  return page;
}

const current = (page) => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));

test("papers and citations are those of the list, years are told by a legend", async (t) => {
  const page = await graph(t);
  assert.equal(await page.locator(".node.like").count(), 1);
  assert.equal(await page.locator(".node.result").count(), 20);
  assert.ok((await page.locator(".edges line").count()) >= 15);
  const legend = await page.locator("#legend").innerText();
  assert.match(legend, /19\d\d–19\d\d[\s\S]*20\d\d[\s\S]*seed/);
  const spans = [...legend.matchAll(/(\d{4})–(\d{4})/g)].map(([, from, to]) => [Number(from), Number(to)]);
  const wrong = await page.evaluate((steps) => {
    const last = steps.length - 1;
    return [...document.querySelectorAll("#graph .node")].filter((node) => {
      const year = Number(/ (\d{4}):/.exec(node.getAttribute("aria-label"))?.[1]);
      const step = Number(/year-(\d)/.exec(node.getAttribute("class"))?.[1]) - (5 - last);
      return !(steps[step][0] <= year && year <= steps[step][1]);
    }).length;
  }, spans);
  assert.equal(wrong, 0);
});

test("it is walked, read and zoomed by keyboard alone", async (t) => {
  const page = await graph(t);
  assert.equal(await page.locator("#graph [tabindex='0']").count(), 1);
  await page.focus("[aria-label='Export as JSON']");
  await page.keyboard.press("Tab");
  assert.match(await current(page), /^Small 1973: .* seed, cites \d+ and is cited by \d+ of these$/);
  const seen = new Set();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"]) {
    await page.keyboard.press(key);
    seen.add(await current(page));
  }
  assert.ok(seen.size >= 3);
  const told = await current(page);
  const title = await page.locator("#graph-paper h3").innerText();
  assert.ok(told.includes(title));

  const spread = () =>
    page.evaluate(() => {
      const xs = [...document.querySelectorAll("#graph .node")].map((node) => node.getBoundingClientRect().x);
      return Math.max(...xs) - Math.min(...xs);
    });
  const before = await spread();
  await page.keyboard.press("+");
  assert.ok((await spread()) > before * 1.2);
  await page.keyboard.press("-");
  await page.keyboard.press("-");
  assert.ok((await spread()) < before);
  await page.keyboard.press("0");
  assert.ok(Math.abs((await spread()) - before) < 2);
  await page.keyboard.press("Home");
  assert.match(await current(page), /^Small 1973/);
  await page.keyboard.press("ArrowRight");
  await page.locator("#graph-paper").getByRole("button", { name: /^More like this/ }).click();
  await page.waitForFunction(() => document.querySelectorAll("#graph .node.like").length === 2);
});

test("no label covers another or a paper, however near one looks", async (t) => {
  const page = await graph(t);
  await page.locator("#more").click();
  await page.waitForFunction(() => document.querySelectorAll("#graph .node").length === 41);
  for (const zoom of [0, 2, -3]) {
    for (let step = 0; step < Math.abs(zoom); step += 1) await page.click(zoom > 0 ? "#zoom-in" : "#zoom-out");
    const [shown, overlaps] = await page.evaluate(() => {
      const labels = [...document.querySelectorAll("#graph text")].filter((each) => each.getAttribute("visibility") === "visible");
      const boxes = labels.map((each) => each.getBoundingClientRect());
      const slack = 2; // a line is a little lower than its letters' box
      const cover = (a, b) => a.left < b.right - slack && b.left < a.right - slack && a.top < b.bottom - slack && b.top < a.bottom - slack;
      const papers = [...document.querySelectorAll("#graph .node > :not(.reach)")].map((each) => each.getBoundingClientRect());
      const found = boxes.filter((box, index) => boxes.some((other, place) => place < index && cover(box, other)) || papers.some((paper) => cover(box, paper)));
      return [labels.length, found.length];
    });
    assert.equal(overlaps, 0);
    assert.ok(shown > 5);
  }
});
