import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { strFromU8, unzipSync } from "fflate";

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

test("Chrome's id of the unpacked extension is the one that the guide tells; the store's package has no key", () => {
  const { key, version } = JSON.parse(built("chrome", "manifest.json"));
  const hash = createHash("sha256").update(Buffer.from(key, "base64")).digest("hex").slice(0, 32);
  const id = [...hash].map((digit) => "abcdefghijklmnop"[parseInt(digit, 16)]).join("");
  assert.ok(readFileSync(`${ROOT}docs/extension.md`, "utf8").includes(`\`${id}\``));
  const packed = unzipSync(readFileSync(`${ROOT}dist/cocite-chrome-${version}.zip`));
  const { key: none, ...stores } = JSON.parse(strFromU8(packed["manifest.json"]));
  assert.equal(none, undefined);
  assert.deepEqual({ ...stores, key }, JSON.parse(built("chrome", "manifest.json")));
});

test("no more is asked of the reader than is needed", () => {
  const [chrome, firefox] = ["chrome", "firefox"].map((browser) => JSON.parse(built(browser, "manifest.json")));
  assert.deepEqual(chrome.permissions, ["activeTab", "scripting", "sidePanel", "storage"]);
  assert.deepEqual(firefox.permissions, ["activeTab", "scripting", "storage"]);
  const { required } = firefox.browser_specific_settings.gecko.data_collection_permissions;
  const guide = readFileSync(`${ROOT}docs/extension.md`, "utf8");
  assert.ok(required.length && required.every((each) => guide.includes(`\`${each}\``))); // each is told, with what is sent
  for (const { host_permissions, content_scripts } of [chrome, firefox]) {
    assert.equal(content_scripts, undefined);
    assert.ok(host_permissions.every((pattern) => !pattern.includes("//*")));
  }
  assert.ok(["localhost", "127.0.0.1"].every((host) => chrome.host_permissions.includes(`http://${host}:8080/*`)));
  assert.ok(firefox.host_permissions.every((pattern) => !/:\d/.test(pattern)));
});

test("nothing makes markup of text", () => {
  const risky = /\.(?:innerHTML|outerHTML)\b|insertAdjacentHTML|document\.write|\beval\(|new Function/;
  assert.match("element.innerHTML = title", risky);
  for (const browser of ["chrome", "firefox"]) {
    for (const name of ["worker.js", "panel.js", "in_page.js", "options.js"]) assert.doesNotMatch(built(browser, name), risky);
  }
});
