// The answer to the state: asked anew when the state changes, longer on demand.

import { recommender } from "./api.js";
import { PAGE_SIZE, requestOf } from "./asking.js";
import { isSuperseded } from "./errors.js";
import type { Recommendation, RecommendPapersResponse } from "./generated/cocite/v1/recommender_service_pb.js";
import { remember } from "./papers.js";
import type { State } from "./state.js";

/** What has come of the list so far. */
export interface List {
  results: Recommendation[];
  /** The first page, with what is said of all. */
  answer: RecommendPapersResponse;
  /** Whether there is more. */
  more: boolean;
}

export class Lister {
  #asking = new AbortController();
  #list: List | undefined;

  /** The first page for the state; undefined when another question has taken its place. Throws what the call throws. */
  async first(state: State): Promise<List | undefined> {
    const answer = await this.#page(state, "");
    if (!answer) return undefined;
    this.#list = { results: answer.results, answer, more: answer.nextPageToken !== "" };
    return this.#list;
  }

  /** The list with one page more; undefined as above. */
  async next(state: State): Promise<List | undefined> {
    const before = this.#list;
    const token = before?.answer.nextPageToken;
    if (!before || !token) return undefined;
    const page = await this.#page(state, token);
    if (!page) return undefined;
    const answer = { ...before.answer, nextPageToken: page.nextPageToken };
    this.#list = { results: [...before.results, ...page.results], answer, more: page.nextPageToken !== "" };
    return this.#list;
  }

  /** Give up what is under way. */
  stop(): void {
    this.#asking.abort();
    this.#list = undefined;
  }

  async #page(state: State, pageToken: string): Promise<RecommendPapersResponse | undefined> {
    this.#asking.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    try {
      const answer = await recommender.recommendPapers({ ...requestOf(state), pageToken, pageSize: PAGE_SIZE }, { signal });
      for (const { paper } of answer.results) if (paper) remember(paper);
      return signal.aborted ? undefined : answer;
    } catch (error) {
      if (signal.aborted || isSuperseded(error)) return undefined;
      throw error;
    }
  }
}
