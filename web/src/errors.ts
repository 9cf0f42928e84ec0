// Failures in one clear line.

import { Code, ConnectError } from "@connectrpc/connect";

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
}

/** Whether the call was given up by the page itself, because another has taken its place. */
export function isSuperseded(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Canceled;
}

/** The failure in words. */
export function explained(error: unknown): Failure {
  const told = ConnectError.from(error);
  const cause = told.cause;
  if (cause instanceof QuotaSpent) {
    return { message: "Too many questions for now: the server asks for a pause.", waitS: cause.retryAfterS ?? 0 };
  }
  if (cause instanceof TypeError) return { message: "The server cannot be reached.", waitS: 0 };
  switch (told.code) {
    case Code.DeadlineExceeded:
      return { message: "The server took too long to answer.", waitS: 0 };
    case Code.Unavailable:
      return { message: `The server cannot answer just now: ${told.rawMessage}.`, waitS: 0 };
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return { message: `The server does not let this page ask: ${told.rawMessage}.`, waitS: 0 };
    default:
      return { message: `That did not work: ${told.rawMessage}.`, waitS: 0 };
  }
}
