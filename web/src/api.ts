// The services of the gateway that served this page.

import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { QuotaSpent } from "./errors.js";
import { FeatureService } from "./generated/cocite/v1/feature_service_pb.js";
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

const transport = createConnectTransport({
  baseUrl: new URL(".", location.href).href,
  useBinaryFormat: true,
  defaultTimeoutMs: DEADLINE_MS,
  fetch: watchedFetch,
});

export const recommender = createClient(RecommenderService, transport);
export const features = createClient(FeatureService, transport);
