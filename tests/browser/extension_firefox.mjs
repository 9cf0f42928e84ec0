// Firefox by its Marionette protocol. WebDriver and BiDi reach web pages alone; this also reaches the browser's own
// windows: the button of an extension, its sidebar.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BROWSERS, eventually, freePort } from "./support.mjs";

const DEADLINE_MS = 60_000;

/** A Firefox of its own, with these preferences. */
export async function firefox(preferences) {
  const profile = mkdtempSync(join(tmpdir(), "cocite-firefox-"));
  const port = await freePort();
  const all = Object.entries({ ...preferences, "marionette.port": port });
  writeFileSync(join(profile, "user.js"), all.map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));
  const child = spawn(
    BROWSERS["firefox-esr"],
    ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", profile],
    { stdio: "ignore" },
  );
  const gone = new Promise((resolve) => child.once("exit", resolve));
  let connection;
  await eventually(async () => (connection = await connected(port)), DEADLINE_MS);
  const { send, socket } = connection;
  await send("WebDriver:NewSession", { acceptInsecureCerts: true });

  const run = async (body, ...args) => {
    const { value } = await send("WebDriver:ExecuteAsyncScript", { script: wrapped(body), args });
    if ("error" in value) throw new Error(value.error);
    return value.value;
  };
  return {
    /** Install an unpacked extension; its id. */
    install: async (path) => (await send("Addon:Install", { path, temporary: true })).value,
    goto: (url) => send("WebDriver:Navigate", { url }),
    /** Click an element of the page, as a reader would. */
    click: async (selector) => {
      const { value } = await send("WebDriver:FindElement", { using: "css selector", value: selector });
      await send("WebDriver:ElementClick", { id: Object.values(value)[0] });
    },
    /** Run a function's body in the page; args holds its arguments. */
    inPage: async (body, ...args) => {
      await send("Marionette:SetContext", { value: "content" });
      return run(body, ...args);
    },
    /** The same in the browser's window, with its rights. */
    inBrowser: async (body, ...args) => {
      await send("Marionette:SetContext", { value: "chrome" });
      return run(body, ...args).finally(() => send("Marionette:SetContext", { value: "content" }));
    },
    end: async () => {
      socket.destroy();
      child.kill("SIGTERM");
      await gone;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function wrapped(body) {
  return `const done = arguments[arguments.length - 1];
    (async (...args) => { ${body} })(...[...arguments].slice(0, -1))
      .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
}

/** A connection that sends commands; null while nobody listens. */
async function connected(port) {
  const socket = connect(port, "127.0.0.1");
  const waiting = new Map();
  let [buffer, last] = [Buffer.alloc(0), 0];
  socket.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (let colon = buffer.indexOf(":"); colon > 0; colon = buffer.indexOf(":")) {
      const end = colon + 1 + Number(buffer.subarray(0, colon)); // messages come as LENGTH:JSON
      if (buffer.length < end) return;
      const message = JSON.parse(buffer.subarray(colon + 1, end));
      buffer = buffer.subarray(end);
      if (Array.isArray(message)) waiting.get(message[1])?.(message);
    }
  });
  const isOpen = await new Promise((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
  });
  const send = (command, parameters) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const late = setTimeout(() => reject(new Error(`${command} was not answered`)), DEADLINE_MS);
      waiting.set(id, ([, , error, value]) => {
        clearTimeout(late);
        waiting.delete(id);
        if (error) reject(new Error(`${command}: ${error.error} ${error.message}`));
        else resolve(value);
      });
      const message = JSON.stringify([0, id, command, parameters]);
      socket.write(`${Buffer.byteLength(message)}:${message}`);
    });
  return isOpen ? { send, socket } : null;
}
