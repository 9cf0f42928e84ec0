// Runs the tests of this folder, one file after the other, with one real demo behind them all.
// Usage: node run.mjs [FILE...]; pictures.mjs draws those of the extension anew

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { BROWSERS, HERE, PYTHON } from "./support.mjs";

const missing = Object.entries(BROWSERS).filter(([, path]) => !existsSync(path));
if (missing.length) {
  const packages = missing.map(([name]) => name).join(" ");
  console.error(`missing: ${missing.map(([, path]) => path).join(", ")}; on Debian: apt-get install ${packages}`);
  process.exit(1);
}

const directory = mkdtempSync(join(tmpdir(), "cocite-browser-"));
const demo = spawn(PYTHON, [join(HERE, "stack.py"), directory], {
  env: { ...process.env, PYTHONPATH: [join(HERE, ".."), process.env.PYTHONPATH].filter(Boolean).join(delimiter) },
  stdio: ["pipe", "pipe", "inherit"],
});
const ended = new Promise((resolve) => demo.once("exit", resolve));
let status = 1;
try {
  const told = await Promise.race([
    new Promise((resolve) => createInterface(demo.stdout).once("line", resolve)),
    ended.then(() => Promise.reject(new Error("the demo did not come up"))),
  ]);
  const chosen = process.argv.slice(2);
  const files = chosen.length ? chosen : readdirSync(HERE).filter((name) => name.endsWith(".test.mjs")).sort();
  const options = ["--test", "--test-concurrency=1", "--test-timeout=120000", "--test-reporter=spec"];
  const done = spawnSync(process.execPath, [...options, ...files], {
    cwd: HERE,
    env: { ...process.env, COCITE_TEST_STACK: told, HOME: directory }, // where browsers put downloads, and all they keep
    stdio: "inherit",
  });
  status = done.status ?? 1;
} catch (error) {
  console.error(error.message);
} finally {
  demo.stdin.end();
  await ended;
  rmSync(directory, { recursive: true, force: true });
}
process.exit(status);
