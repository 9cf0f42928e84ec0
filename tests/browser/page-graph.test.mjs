// The graph of the page in Chromium.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM, demo, SMALL } from "./support.mjs";

const { gateway: base } = demo();
let browser;
before(async () => (browser = await chromium.launch(CHROMIUM)));
after(() => browser.close());

async function graph(t, fragment = `like=${SMALL}`, device = { viewport: { width: 1100, height: 900 } }) {
  const page = await browser.newPage(device);
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
      const year = Number(/ (\d{4})[a-z]?:/.exec(node.getAttribute("aria-label"))?.[1]);
      const step = Number(/year-(\d)/.exec(node.getAttribute("class"))?.[1]) - (5 - last);
      return !(steps[step][0] <= year && year <= steps[step][1]);
    }).length;
  }, spans);
  assert.equal(wrong, 0);
});

test("papers of the same author and year are told apart", async (t) => {
  const page = await graph(t);
  const names = await page.locator(".node").evaluateAll((all) => all.map((each) => each.getAttribute("aria-label").split(":")[0]));
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.includes("Small 1985a") && names.includes("Small 1985b"), names.join(", "));
  assert.ok(names.includes("Small 1973")); // a name of its own needs no letter
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

test("two fingers pinch, one drags, and the page itself keeps its size", async (t) => {
  const page = await graph(t, `like=${SMALL}`, { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });
  await page.locator("#graph").scrollIntoViewIfNeeded();
  const commands = await page.context().newCDPSession(page);
  const touch = (type, ...points) => commands.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  const places = () =>
    page.evaluate(() => [...document.querySelectorAll("#graph .node")].map((node) => [node.transform.baseVal[0].matrix.e, node.transform.baseVal[0].matrix.f]));
  const { x, y, width, height } = await page.locator("#graph").boundingBox();
  const [middle, at] = [[width / 2, height / 2], (dx) => [x + width / 2 + dx, y + height / 2]];
  const near = (found, wanted) => found.forEach((each, index) => each.forEach((value, axis) => assert.ok(Math.abs(value - wanted[index][axis]) < 1)));

  const before = await places();
  await touch("touchStart", at(-40), at(40));
  for (const apart of [50, 60, 70, 80]) await touch("touchMove", at(-apart), at(apart));
  await touch("touchEnd");
  const pinched = await places();
  near(pinched, before.map((place) => place.map((value, axis) => middle[axis] + 2 * (value - middle[axis]))));
  await touch("touchStart", at(0));
  for (const along of [20, 40, 60]) await touch("touchMove", at(along));
  await touch("touchEnd");
  const moved = await places();
  const along = moved[0][0] - pinched[0][0];
  assert.ok(along > 20); // a browser may take the first pixels of a drag for itself
  near(moved, pinched.map(([left, top]) => [left + along, top]));
  assert.equal(await page.evaluate(() => visualViewport.scale), 1);
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
