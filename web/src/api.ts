// The services of the gateway that served this page.

import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { QuotaSpent } from "./errors.js";
import { FeatureService } from "./generated/cocite/v1/feature_service_pb.js";
import { FeedService } from "./generated/cocite/v1/feed_service_pb.js";
import { RecommenderService } from "./generated/cocite/v1/recommender_service_pb.js";
import { keyOf } from "./key.js";

const DEADLINE_MS = 15_000;

/** fetch with the key, if there is one. A spent quota is an error of its own, in whatever form it is told. */
const watchedFetch: typeof fetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  if (keyOf()) headers.set("authorization", `Bearer ${keyOf()}`);
  const response = await fetch(input, { ...init, headers });
  if (response.status === 429) throw new QuotaSpent(Number(response.headers.get("retry-after")) || undefined);
  return response;
};

/** A request goes on while its page closes. */
const lastingFetch: typeof fetch = (input, init) => watchedFetch(input, { ...init, keepalive: true });

const transportBy = (fetch: typeof globalThis.fetch): Transport =>
  createConnectTransport({ baseUrl: new URL(".", location.href).href, useBinaryFormat: true, defaultTimeoutMs: DEADLINE_MS, fetch });

const transport = transportBy(watchedFetch);

export const recommender = createClient(RecommenderService, transport);
export const features = createClient(FeatureService, transport);
export const feeds = createClient(FeedService, transport);
/** For RecordEvents, whose requests are small enough to last (64 KiB). */
export const eventsClient = createClient(FeedService, transportBy(lastingFetch));
