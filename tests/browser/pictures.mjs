// Draws the pictures of the extension in docs/pictures anew: `node run.mjs pictures.mjs`, after `make extension`.

import { join } from "node:path";
import { chromium, press, shows } from "./extension_chromium.mjs";
import { NO_PAPER, PAGES, certificate, hostsOf, serveSites } from "./extension_sites.mjs";
import { ROOT, demo } from "./support.mjs";

const WIDTHS = { panel: 360, options: 640 };
const pictured = PAGES.find((page) => page.site === "a publisher with the DOI in its address");

const sites = await serveSites([pictured, NO_PAPER], certificate());
const hosts = Object.fromEntries(hostsOf([pictured, NO_PAPER]).map((host) => [`${host}:443`, sites.port]));
const browser = await chromium({ ...hosts, "localhost:8080": new URL(demo().gateway).port }, sites.port);

async function drawn(page, name) {
  for (const scheme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    const path = join(ROOT, "docs/pictures", `extension-${name}-${scheme}.png`);
    const height = name === "panel" ? 620 : await page.evaluate(() => document.querySelector("main").getBoundingClientRect().bottom + 24);
    await page.setViewport({ width: WIDTHS[name], height: Math.ceil(height) });
    await page.screenshot({ path });
    console.log(path);
  }
}

try {
  const page = await browser.page();
  await page.goto(pictured.url);
  await browser.clickIcon(page);
  const panel = await browser.panel();
  await shows(panel, ".result", "cited together");
  await press(panel, "Save: ");
  await shows(panel, ".panel > .sent", "save of");
  await drawn(panel, "panel");
  const options = await browser.options();
  await options.setViewport({ width: WIDTHS.options, height: 900 });
  await options.click("button.primary");
  await shows(options, "#checked", "Connected");
  await drawn(options, "options");
} finally {
  await browser.end();
  await sites.end();
}
