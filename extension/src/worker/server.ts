// The one place that talks to the server. Requests come from the service worker alone: the browser lets it reach a
// server on this computer, which it forbids to scripts in pages, and the key stays with it.

import { list, record, text } from "../shared/checked";
import { Told } from "../shared/messages";
import { patternOf, readSettings } from "../shared/settings";

const DEADLINE_MS = 15_000;
const MOST_BYTES = 4 << 20;

/** POST JSON, or GET without a body; what the server answers. Raises Told. */
export async function askServer(path: string, body?: object): Promise<Record<string, unknown>> {
  const { server, key } = await readSettings();
  if (!(await chrome.permissions.contains({ origins: [patternOf(server)] }))) {
    throw told(`The browser has not been allowed to reach ${server}: allow it in the options.`, "options");
  }
  let response: Response;
  let answer: string;
  try {
    response = await fetch(server + path, {
      method: body ? "POST" : "GET",
      headers: { ...(body && { "content-type": "application/json" }), ...(key && { authorization: `Bearer ${key}` }) },
      ...(body && { body: JSON.stringify(body) }),
      credentials: "omit",
      redirect: "error", // the key is for this server alone
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    answer = await bounded(response);
  } catch (error) {
    if (error instanceof Told) throw error;
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw told(late ? `${server} took too long to answer.` : `${server} cannot be reached.`);
  }
  const value = parsed(answer);
  if (!response.ok) throw new Told(failureOf(response, value, server).failure, response.status);
  if (!value) throw told(`${server} does not answer like a cocite server: check the address in the options.`, "options");
  return value;
}

/** Seconds to wait as Retry-After has it, a number or a date; 0 when it says nothing. */
export function secondsToWait(retryAfter: string | null, now: number): number {
  if (!retryAfter) return 0;
  const seconds = /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : 0;
}

function failureOf(response: Response, value: Record<string, unknown> | undefined, server: string): Told {
  const error = record(value?.["error"]);
  const said = text(error["message"]).replace(/[.\s]+$/, "");
  const waitS = secondsToWait(response.headers.get("retry-after"), Date.now());
  switch (response.status) {
    case 401:
    case 403:
      // What follows is for those who run a server
      return told(`${server} does not accept the key: ${said.split(";")[0] || "check it in the options"}.`, "options");
    case 429:
      return told("The quota at this server is used up for now.", "retry", waitS);
    case 404:
    case 405:
      if (!list(error["details"]).length) {
        return told(`${server} does not answer like a cocite server: check the address in the options.`, "options");
      }
  }
  return told(`${server} could not answer: ${said || `status ${response.status}`}.`, "retry", waitS);
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let [whole, bytes] = ["", 0];
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    bytes += part.value.byteLength;
    if (bytes > MOST_BYTES) {
      await reader?.cancel();
      throw told("The server's answer is too long.");
    }
    whole += decoder.decode(part.value, { stream: true });
  }
  return whole + decoder.decode();
}

function parsed(answer: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === "object" && value !== null ? record(value) : undefined;
  } catch {
    return undefined;
  }
}

function told(message: string, remedy: "retry" | "options" = "retry", waitS = 0): Told {
  return new Told({ message, waitS, remedy });
}
