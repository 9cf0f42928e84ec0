// What the tests in browsers share.

import axe from "axe-core";
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, "../..");
export const PYTHON = join(ROOT, ".venv/bin/python");
/** Debian's packages and their programs. */
export const BROWSERS = { chromium: "/usr/bin/chromium", "firefox-esr": "/usr/bin/firefox-esr" };
export const CHROMIUM = { executablePath: BROWSERS.chromium, args: ["--headless=new", "--no-sandbox"] };
/** Of the page: ten times what it takes, on a machine that is busy otherwise. The goal is one second. */
export const MOST_INTERACTIVE_MS = 3000;
export const SMALL = "doi:10.1002/asi.4630240406";

/** The running demo: gateway (its address), markup (a paper whose title is markup), environment (of its processes). */
export function demo() {
  if (!process.env.COCITE_TEST_STACK) throw new Error("run the tests by `make test-browser`");
  return JSON.parse(process.env.COCITE_TEST_STACK);
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A gateway of one's own before the services of the demo, on this port; to be ended by its end(). */
export async function gateway(port, settings = {}) {
  const environment = { ...process.env, ...demo().environment, COCITE_GATEWAY_LISTEN: `127.0.0.1:${port}`, ...settings };
  const child = spawn(PYTHON, ["-m", "cocite", "serve", "gateway"], { env: environment, stdio: "ignore" });
  const address = `http://127.0.0.1:${port}`;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  await eventually(() => fetch(`${address}/healthz`).then((answer) => answer.ok, () => false), 20_000);
  return {
    address,
    end: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** Wait until condition() holds; an error after timeout_ms. */
export async function eventually(condition, timeoutMs = 10_000) {
  const until = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`never came true: ${condition}`);
    await pause(50);
  }
}

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds wrong with a page (of playwright or puppeteer), a line each. */
export async function axeRun(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), RULES);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`);
}
