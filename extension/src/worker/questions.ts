// What is asked of the server, and its answers as the panel needs them.

import { BY_POPULARITY, degradedInWords, unresolvedInWords } from "../../../web/shared/shortcomings.js";
import { shortened } from "../../../web/shared/words.js";
import { list, record, text, whole } from "../shared/checked";
import { Told } from "../shared/messages";
import { seedOf, type Paper, type PaperSeed, type RelatedPage, type Result, type Seed } from "../shared/papers";
import { reasonsInWords } from "../shared/reasons";
import { askServer } from "./server";

const PAGE_SIZE = 20;
const MOST_AUTHORS = 50;

/** The seed that some ids of one paper mean, the first that the server knows; null when it knows none. */
export async function resolveIds(ids: string[]): Promise<PaperSeed | null> {
  const answer = await askServer("/v1/papers:resolve", { queries: ids });
  const results = list(answer["results"]).map(record);
  const found = results.find((each) => each["status"] === "RESOLVE_STATUS_FOUND");
  if (found) return seedOf(paperOf(found["paper"]));
  if (results.some((each) => each["status"] === "RESOLVE_STATUS_UNAVAILABLE")) {
    throw new Told({ message: "The server could not look the paper up just now.", waitS: 0, remedy: "retry" });
  }
  return null;
}

/** The seed that a title means: the server's paper of this title, failing that the title as a text. */
export async function resolveTitle(title: string): Promise<Seed | null> {
  const answer = await askServer("/v1/papers:recommend", {
    seeds: { referenceText: title.replace(/\s+/g, " ") },
    pageSize: 1,
    view: "PAPER_VIEW_ID",
  });
  const id = text(record(list(answer["resolvedReferences"])[0])["paperId"]);
  return (id && (await resolveIds([id]))) || { kind: "text", title };
}

/** A page of related papers. */
export async function relatedPapers(seeds: Seed[], pageToken: string): Promise<RelatedPage> {
  const answer = await askServer("/v1/papers:recommend", {
    seeds: {
      positiveIds: seeds.flatMap((seed) => (seed.kind === "paper" ? [seed.id] : [])),
      texts: seeds.flatMap((seed) => (seed.kind === "text" ? [{ title: seed.title }] : [])),
    },
    pageSize: PAGE_SIZE,
    ...(pageToken && { pageToken }),
  });
  return {
    results: list(answer["results"]).map((each) => resultOf(record(each), seeds)),
    nextPageToken: text(answer["nextPageToken"]),
    attributionToken: text(answer["attributionToken"]),
    modelVersion: text(answer["modelVersion"]),
    notes: notesOf(answer),
  };
}

/** The serving model. */
export async function describeModel(): Promise<{ modelVersion: string; paperCount: number }> {
  const answer = await askServer("/v1/model");
  const modelVersion = text(answer["modelVersion"]);
  if (!modelVersion) {
    throw new Told({ message: "This is no cocite server: check the address.", waitS: 0, remedy: "options" });
  }
  return { modelVersion, paperCount: whole(answer["paperCount"]) };
}

function resultOf(result: Record<string, unknown>, seeds: Seed[]): Result {
  const paper = paperOf(result["paper"]);
  const haveAbstracts = (seed: string): boolean => paper.hasAbstract && Boolean(paperSeed(seed, seeds)?.hasAbstract);
  return {
    paper,
    rank: whole(result["rank"]),
    reasons: reasonsInWords(result["reasons"], (seed) => nameOfSeed(seed, seeds), haveAbstracts),
  };
}

function notesOf(answer: Record<string, unknown>): string[] {
  const causeOf = (value: unknown, prefix: string): string => text(record(value)["cause"]).replace(prefix, "");
  return [
    ...unresolvedInWords(
      list(answer["unresolvedSeeds"]).map((each) => ({ id: text(record(each)["id"]), cause: causeOf(each, "UNRESOLVED_CAUSE_") })),
    ),
    ...(answer["fallback"] === "FALLBACK_POPULARITY" ? [BY_POPULARITY] : []),
    ...degradedInWords(list(answer["degraded"]).map((each) => causeOf(each, "DEGRADED_CAUSE_"))),
  ];
}

function paperOf(value: unknown): Paper {
  const paper = record(value);
  const year = whole(paper["year"]);
  return {
    id: text(paper["paperId"]),
    title: text(paper["title"]),
    authors: list(paper["authors"]).slice(0, MOST_AUTHORS).map(text),
    year: year > 0 ? year : undefined,
    venue: text(paper["venue"]),
    hasAbstract: paper["hasAbstract"] === true,
  };
}

/** "this paper" where there is but one seed, else its short name; a text in quotation marks. */
function nameOfSeed(name: string, seeds: Seed[]): string {
  if (seeds.length <= 1) return "this paper";
  if (!name.startsWith("text:")) return paperSeed(name, seeds)?.name ?? name;
  const texts = seeds.filter((seed) => seed.kind === "text");
  return `“${shortened(texts[Number(name.slice(5))]?.title ?? "your text", 40)}”`;
}

function paperSeed(id: string, seeds: Seed[]): PaperSeed | undefined {
  return seeds.filter((seed) => seed.kind === "paper").find((seed) => seed.id === id);
}
