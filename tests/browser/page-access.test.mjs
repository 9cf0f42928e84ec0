// The page for everyone, in Chromium: contrast, names and roles by axe, narrow screens, how soon it can be used.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { axeRun, CHROMIUM, demo, MOST_INTERACTIVE_MS, SMALL } from "./support.mjs";

const { gateway: base, markup } = demo();
let browser;
before(async () => (browser = await chromium.launch(CHROMIUM)));
after(() => browser.close());

const ADDRESSES = {
  "empty page": "",
  "list with notes": `#like=${SMALL}&unlike=doi:10.1126/science.149.3683.510&like=doi:10.9999/nothing&text=science&venue=Scientometrics&from=1970`,
  graph: `#like=${SMALL}&like=${markup.id}&view=graph`,
};

for (const colorScheme of ["light", "dark"]) {
  for (const [name, fragment] of Object.entries(ADDRESSES)) {
    test(`axe finds nothing: ${name}, ${colorScheme}`, async (t) => {
      const page = await browser.newPage({ colorScheme });
      t.after(() => page.close());
      await page.goto(`${base}/${fragment}`);
      if (fragment) await page.locator(".result, .node").first().waitFor({ state: "attached" });
      if (name === "graph") await page.locator(".node").nth(3).focus();
      else if (fragment) {
        await page.locator(".reason summary").first().click();
        await page.locator(".evidence").first().locator("li, p").first().waitFor();
        await page.fill("#entry", "networks of papers");
        await page.locator(".offer").first().waitFor();
      }
      assert.deepEqual(await axeRun(page), []);
    });
  }
}

test("axe does find what is wrong", async (t) => {
  const page = await browser.newPage();
  t.after(() => page.close());
  await page.goto(base);
  await page.evaluate(() => {
    document.querySelector("#welcome p").style.color = "#ddd";
    const button = document.querySelector("#theme");
    button.textContent = "";
    button.removeAttribute("aria-label");
  });
  const found = (await axeRun(page)).join();
  assert.match(found, /color-contrast/);
  assert.match(found, /button-name/);
});

test("the reader's choice of colours stays", async (t) => {
  const page = await browser.newPage({ colorScheme: "light" });
  t.after(() => page.close());
  await page.goto(base);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.click("#theme");
  const dark = await ground();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await ground(), dark);
});

test("a phone needs no scrolling sideways", async (t) => {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  t.after(() => page.close());
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  for (const fragment of Object.values(ADDRESSES)) {
    await page.goto("about:blank");
    await page.goto(`${base}/${fragment}`);
    if (fragment) await page.locator(".result, .node").first().waitFor({ state: "attached" });
    assert.ok((await width()) <= 390, `${fragment}: ${await width()}`);
  }
});

test("soon in use in a cold browser", async (t) => {
  const cold = await chromium.launch(CHROMIUM);
  t.after(() => cold.close());
  const page = await cold.newPage();
  await page.goto(`${base}/#like=${SMALL}`);
  await page.locator(".result").first().waitFor();
  const told = await page.evaluate(() => ({
    interactive: Math.round(performance.getEntriesByName("interactive")[0].startTime),
    list: Math.round(performance.getEntriesByName("list")[0].startTime),
    bytes: performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation")).reduce((sum, each) => sum + each.transferSize, 0),
  }));
  t.diagnostic(`interactive after ${told.interactive} ms, the list after ${told.list} ms, ${told.bytes} bytes over the wire`);
  assert.ok(told.interactive < MOST_INTERACTIVE_MS);
  assert.ok(told.bytes < 250_000);
});
