// What the page exports in Chromium, read by those who read such files.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { CHROMIUM, demo, PYTHON, SMALL } from "./support.mjs";

const { gateway: base, markup } = demo();
let browser;
let page;
let shown;
let reasons;

before(async () => {
  browser = await chromium.launch(CHROMIUM);
  page = await browser.newPage();
  await page.goto(`${base}/#like=${SMALL}&from=2010`);
  await page.locator(".result").first().waitFor();
  while (await page.locator("#more").isVisible()) {
    const before = await page.locator(".result").count();
    await page.locator("#more").click();
    await page.waitForFunction((count) => document.querySelectorAll(".result").length > count, before);
  }
  shown = await page.locator(".result").evaluateAll((all) =>
    all.map((each) => ({ id: each.dataset.id, title: each.querySelector("h3").textContent })),
  );
  reasons = await page.locator(".result").evaluateAll((all) =>
    all.map((each) => [...each.querySelectorAll("span.reason, .reason summary")].map((reason) => reason.textContent)),
  );
  assert.ok(reasons.some((each) => each.length));
  assert.ok(shown.some(({ id }) => id === markup.id));
});
after(() => browser.close());

async function exported(name) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: `Export as ${name}` }).click(),
  ]);
  return { name: download.suggestedFilename(), path: await download.path() };
}

const python = (program, ...values) => JSON.parse(execFileSync(PYTHON, ["-c", program, ...values], { encoding: "utf8" }));

test("JSON", async () => {
  const { name, path } = await exported("JSON");
  assert.equal(name, "related-papers.json");
  const papers = JSON.parse(await readFile(path, "utf8"));
  assert.deepEqual(papers.map((paper) => ({ id: paper.paper_id, title: paper.title })), shown);
  assert.ok(papers.every((paper) => Array.isArray(paper.authors) && paper.year >= 2010));
  assert.deepEqual(papers.map((paper) => paper.rank), shown.map((_, index) => index + 1));
  assert.deepEqual(papers.map((paper) => paper.reasons), reasons);
});

test("CSV, in which no cell is a formula", async () => {
  const { path } = await exported("CSV");
  const rows = python("import csv, json, sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='')))))", path);
  assert.deepEqual(rows.map((row) => ({ id: row.paper_id, title: row.title })), shown);
  assert.deepEqual(rows.map((row) => [row.rank, row.reasons]), reasons.map((each, index) => [String(index + 1), each.join("; ")]));
  assert.equal(rows.find((row) => row.paper_id === markup.id).venue, `'${markup.venue}`);
});

test("BibTeX, as bibtexparser reads it", async () => {
  const { path } = await exported("BibTeX");
  const program = `
import json, sys, bibtexparser
library = bibtexparser.parse_file(sys.argv[1])
assert not library.failed_blocks, library.failed_blocks
print(json.dumps([[entry.key, entry.fields_dict["title"].value, entry.get("doi") and entry["doi"]] for entry in library.entries]))`;
  const entries = python(program, path);
  assert.equal(entries.length, shown.length);
  assert.equal(new Set(entries.map(([key]) => key)).size, shown.length);
  assert.ok(entries.every(([key]) => /^[a-z0-9-]+$/.test(key)));

});

test("RIS", async () => {
  const { path } = await exported("RIS");
  const lines = (await readFile(path, "utf8")).split("\r\n");
  assert.ok(lines.every((line) => line === "" || /^[A-Z][A-Z0-9]  - /.test(line)));
  const titles = lines.filter((line) => line.startsWith("TI  - ")).map((line) => line.slice(6));
  assert.deepEqual(titles, shown.map(({ title }) => title.replace(/\s+/g, " ")));
  assert.deepEqual(lines.filter((line) => line.startsWith("N1  - ")).map((line) => line.slice(6)), reasons.filter((each) => each.length).map((each) => each.join("; ")));
  const ends = lines.filter((line) => line === "ER  - ").length;
  assert.equal(ends, shown.length);
  assert.equal(lines.filter((line) => line.startsWith("TY  - ")).length, shown.length);
});
