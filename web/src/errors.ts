// Failures in one clear line.

import { Code, ConnectError } from "@connectrpc/connect";
import { keyOf } from "./key.js";

/** The server refuses more for now; retryAfterS: seconds to wait, as far as it says so. */
export class QuotaSpent extends Error {
  constructor(readonly retryAfterS: number | undefined) {
    super("too many requests");
  }
}

/** What a reader can be told of a failure. waitS: seconds before it makes sense to try again. */
export interface Failure {
  message: string;
  waitS: number;
  /** Whether a key, or another one, would help. */
  needsKey: boolean;
}

/** Whether the call was given up by the page itself, because another has taken its place. */
export function isSuperseded(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Canceled;
}

/** Whether the server found fault with the request. */
export function isRefused(error: unknown): boolean {
  return ConnectError.from(error).code === Code.InvalidArgument;
}

/** The failure in words. */
export function explained(error: unknown): Failure {
  const told = ConnectError.from(error);
  const needsKey = told.code === Code.Unauthenticated || told.code === Code.PermissionDenied;
  return { message: inWords(told), waitS: told.cause instanceof QuotaSpent ? (told.cause.retryAfterS ?? 0) : 0, needsKey };
}

function inWords({ cause, code, rawMessage }: ConnectError): string {
  if (cause instanceof QuotaSpent) return "Too many questions for now: the server asks for a pause.";
  if (cause instanceof TypeError) return "The server cannot be reached.";
  switch (code) {
    case Code.DeadlineExceeded:
      return "The server took too long to answer.";
    case Code.Unavailable:
      return `The server cannot answer just now: ${rawMessage}.`;
    case Code.Unauthenticated:
      return keyOf() ? "The server does not know this key." : "This server answers only with a key.";
    case Code.PermissionDenied:
      return `This key does not suffice: ${rawMessage}.`;
    default:
      return `That did not work: ${rawMessage}.`;
  }
}
