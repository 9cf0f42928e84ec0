// The page in Chromium when things are amiss: the server gone, a quota used up.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM, demo, freePort, gateway, PYTHON, SMALL } from "./support.mjs";

let browser;
before(async () => (browser = await chromium.launch(CHROMIUM)));
after(() => browser.close());

test("with the server gone it says so in a line, and goes on when it is back", async (t) => {
  const port = await freePort();
  let server = await gateway(port);
  t.after(() => server.end());
  const page = await browser.newPage();
  await page.goto(`${server.address}/#like=${SMALL}`);
  await page.locator(".result").first().waitFor();

  await server.end();
  const summary = page.locator(".reason summary", { hasText: "cited together" }).first();
  await summary.click();
  const evidence = page.locator(".reason[open] .evidence");
  await evidence.locator(".failure", { hasText: "The server cannot be reached." }).waitFor();
  await page.locator(".result").first().getByRole("button", { name: /^More like this/ }).click();
  const failure = page.locator("#notes .failure");
  await failure.waitFor();
  assert.match(await failure.innerText(), /^The server cannot be reached\.\s+Try again$/);
  await page.fill("#entry", "10.1126/science.149.3683.510");
  await page.locator("#entry-notes .failure", { hasText: "cannot be reached" }).waitFor();

  server = await gateway(port);
  await evidence.getByRole("button", { name: "Try again" }).click();
  await evidence.locator("li").first().waitFor();
  await failure.getByRole("button", { name: "Try again" }).click();
  await page.locator(".reason", { hasText: "White 1981" }).first().waitFor();
  assert.equal(await failure.count(), 0);
  await page.locator("#entry-notes button").click();
  await page.locator(".offer", { hasText: "Networks of Scientific Papers" }).waitFor();
});

test("with the quota used up it says so, and for how long", async (t) => {
  const server = await gateway(await freePort(), { COCITE_GATEWAY_ANONYMOUS_RATE: "12" });
  t.after(() => server.end());
  const page = await browser.newPage();
  await page.goto(`${server.address}/#like=${SMALL}`);
  const failure = page.locator("#notes .failure");
  for (let year = 1950; year < 1970 && !(await failure.count()); year += 1) {
    await page.fill("#from", String(year));
    await page.press("#from", "Tab");
    await page.waitForFunction(() => document.querySelector("#notes .failure") ?? document.querySelector("#results[aria-busy=false]"));
  }
  await failure.waitFor();
  assert.match(await failure.innerText(), /^Too many questions for now: the server asks for a pause\.\s+Try again in \d+ s$/);
  const button = failure.getByRole("button");
  assert.equal(await button.getAttribute("aria-disabled"), "true");
  await page.locator("#notes .failure button[aria-disabled=false]").waitFor({ timeout: 60_000 });
  await button.click();
  await page.locator(".result").first().waitFor();
});

test("a server that wants a key is given one", async (t) => {
  const environment = { ...process.env, ...demo().environment };
  const made = execFileSync(PYTHON, ["-m", "cocite", "key", "create", "page-reader"], { env: environment, encoding: "utf8" });
  const key = made.trim().split(/\s+/).at(-1);
  const server = await gateway(await freePort(), { COCITE_GATEWAY_ANONYMOUS_RATE: "0" }); // one that runs learns of a new key within a second
  t.after(() => server.end());
  const page = await browser.newPage();
  await page.goto(`${server.address}/#like=${SMALL}`);
  await page.locator("#notes", { hasText: "This server answers only with a key." }).waitFor();
  await page.getByLabel("Key", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.locator("#notes", { hasText: "The server does not know this key." }).waitFor(); // and is asked for anew
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.locator(".result").first().waitFor();
  assert.ok(!page.url().includes(key));
});
