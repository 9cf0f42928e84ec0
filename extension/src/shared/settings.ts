// Where the server is and what it is told; kept in storage.local, which content scripts may not read.

import { record, text } from "./checked";
import { Told } from "./messages";

export const DEFAULT_SERVER = "http://localhost:8080";
export const LONGEST_KEY = 512;

export interface Settings {
  /** Origin, without a slash at its end. */
  server: string;
  /** "" for none. */
  key: string;
  /** Whether an open panel asks for each paper without a click. */
  automatic: boolean;
}

export async function readSettings(): Promise<Settings> {
  const kept = record((await chrome.storage.local.get("settings"))["settings"]);
  return {
    server: text(kept["server"]) || DEFAULT_SERVER,
    key: text(kept["key"]),
    automatic: kept["automatic"] === true,
  };
}

export async function writeSettings(settings: Settings): Promise<void> {
  await chrome.storage.local.set({ settings });
}

/** The origin of a server's address as people write it. Raises Told when the key would travel in the clear. */
export function serverOf(address: string): string {
  const written = address.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(written)?.[1]?.toLowerCase();
  if (scheme && scheme !== "http" && scheme !== "https") {
    throw refused(`A server is asked over https, or http on this computer, not over ${scheme}.`);
  }
  let url: URL;
  try {
    url = new URL(scheme ? written : `${/^(?:localhost|127\.0\.0\.1)(?:[:/]|$)/i.test(written) ? "http" : "https"}://${written}`);
    if (!/^[a-z0-9.-]+$/.test(url.hostname)) throw new TypeError("no name of a host");
  } catch {
    throw refused("Write the address as https://cocite.example.org or http://localhost:8080.");
  }
  const local = url.hostname === "localhost" || url.hostname === "127.0.0.1";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && local)) {
    throw refused("Only a server on this computer can be asked over http; write https:// for others.");
  }
  if (url.username || url.password) throw refused("Leave user and password out of the address; a key goes below.");
  if (url.pathname !== "/" || url.search || url.hash) {
    throw refused(`Leave out what follows ${url.origin}: a server has a host of its own.`);
  }
  return url.origin;
}

/** The match pattern that lets the worker ask a server. */
export function patternOf(server: string): string {
  const url = new URL(server);
  // Firefox's patterns have no ports and mean all of them
  const host = FIREFOX ? url.hostname : url.host;
  return `${url.protocol}//${host}/*`;
}

function refused(message: string): Told {
  return new Told({ message, waitS: 0, remedy: "options" });
}
