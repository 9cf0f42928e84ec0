import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const built = (browser, name) => readFileSync(`${ROOT}dist/extension/${browser}/${name}`, "utf8");

function packages(timezone) {
  const env = { ...process.env, TZ: timezone };
  execFileSync(process.execPath, [`${ROOT}extension/build.mjs`], { env });
  const names = readdirSync(`${ROOT}dist`).filter((name) => /^cocite-(?:chrome|firefox)-.*\.zip$/.test(name));
  return names.map((name) => [name, readFileSync(`${ROOT}dist/${name}`, "base64")]);
}

test("packages are the same byte by byte, wherever they are built", () => {
  const first = packages("UTC");
  assert.ok(first.length >= 2);
  assert.deepEqual(packages("Pacific/Auckland"), first);
});

test("no more is asked of the reader than is needed", () => {
  const [chrome, firefox] = ["chrome", "firefox"].map((browser) => JSON.parse(built(browser, "manifest.json")));
  assert.deepEqual(chrome.permissions, ["activeTab", "scripting", "sidePanel", "storage"]);
  assert.deepEqual(firefox.permissions, ["activeTab", "scripting", "storage"]);
  for (const { host_permissions, content_scripts } of [chrome, firefox]) {
    assert.equal(content_scripts, undefined);
    assert.ok(host_permissions.every((pattern) => !pattern.includes("//*")));
  }
  assert.ok(chrome.host_permissions.includes("http://localhost:8080/*"));
  assert.ok(firefox.host_permissions.every((pattern) => !/:\d/.test(pattern)));
});

test("nothing makes markup of text", () => {
  const risky = /\.(?:innerHTML|outerHTML)\b|insertAdjacentHTML|document\.write|\beval\(|new Function/;
  assert.match("element.innerHTML = title", risky);
  for (const browser of ["chrome", "firefox"]) {
    for (const name of ["worker.js", "panel.js", "in_page.js", "options.js"]) assert.doesNotMatch(built(browser, name), risky);
  }
});
