// What was typed, pasted or dropped: ids, a title, a list of references, BibTeX.

import { recommender } from "./api.js";
import { type ResolvedPaper, ResolveStatus } from "./generated/cocite/v1/recommender_service_pb.js";
import { PaperView } from "./generated/cocite/v1/paper_pb.js";
import { fetchPapers, remember } from "./papers.js";
import { MOST } from "./state.js";

const MOST_LINES = 100;
const MOST_ENTRIES = 500; // of one call
const MOST_CHARACTERS = 200_000; // of one call
const MOST_TITLE_LINES = 4; // that a title copied from a PDF may be broken into
const LEAST_TITLE = 8; // characters that a title is looked up from

export interface Recognised {
  /** Ids of papers, canonical, each once. */
  papers: string[];
  /** The text itself, where it may be a title. */
  text: string | undefined;
  /** What no paper was found for, as it was given. */
  unknown: string[];
}

/** Whether there is an entry in it: its type, a bracket, its key and what follows. */
export function isBibtex(text: string): boolean {
  return /(?:^|[\s})])@\s*[a-z]+\s*(?:\{[^{}=,]*|\([^()=,]*)[=,]/i.test(text); // not "jane@uni (2020)"
}

/** What the text means. Throws what the calls throw. */
export async function recognise(text: string, signal: AbortSignal): Promise<Recognised> {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  if (isBibtex(text)) return ofReferences(chunks(text), signal);
  if (lines.length === 0) return { papers: [], text: undefined, unknown: [] };
  if (lines.length > MOST_LINES || lines.some((line) => line.length > MOST.idLength)) {
    if (lines.length > 1) return ofReferences(chunks(text), signal);
    return { papers: [], text: lines[0]!.slice(0, MOST.textLength), unknown: [] };
  }
  const { results } = await recommender.resolvePapers({ queries: lines }, { signal });
  for (const { paper } of results) if (paper) remember(paper);
  if (results.length === 1) return ofOne(results[0]!, signal);
  if (results.some((each) => each.status === ResolveStatus.MALFORMED)) {
    const found = await ofReferences(chunks(text), signal);
    return found.papers.length || lines.length > MOST_TITLE_LINES ? found : ofTitle(lines.join(" "), signal);
  }
  return {
    papers: unique(results.flatMap(({ paper }) => (paper ? [paper.paperId] : []))),
    text: undefined,
    unknown: results.filter((each) => !each.paper).map((each) => each.query),
  };
}

/** One line: an id, or a title, of a paper that is known perhaps. */
async function ofOne(resolved: ResolvedPaper, signal: AbortSignal): Promise<Recognised> {
  const { query, paper, status } = resolved;
  if (paper) return { papers: [paper.paperId], text: undefined, unknown: [] };
  const isId = status !== ResolveStatus.MALFORMED || /^https?:\/\//i.test(query);
  return isId ? { papers: [], text: undefined, unknown: [query] } : ofTitle(query, signal);
}

/** A title, or any words: the paper of that title, if there is one, and the words themselves. */
async function ofTitle(text: string, signal: AbortSignal): Promise<Recognised> {
  if (text.length < LEAST_TITLE) return { papers: [], text, unknown: [] };
  const { papers } = await ofReferences([text], signal);
  return { papers, text, unknown: [] };
}

/** The papers of reference lists: the server reads them, by ids and by titles. */
async function ofReferences(lists: string[], signal: AbortSignal): Promise<Recognised> {
  const papers: string[] = [];
  const unknown: string[] = [];
  for (const referenceText of lists) {
    const asked = { seeds: { referenceText }, pageSize: 1, view: PaperView.ID };
    const answer = await recommender.recommendPapers(asked, { signal });
    papers.push(...answer.resolvedReferences.map((each) => each.paperId));
    unknown.push(...answer.unresolvedSeeds.map((each) => each.id));
  }
  await fetchPapers(papers, signal);
  return { papers: unique(papers), text: undefined, unknown: unique(unknown) };
}

/** The text in pieces that one call may hold, cut where an entry begins; pieces beyond the most references are left out. */
function chunks(text: string): string[] {
  const entries = text.split(isBibtex(text) ? /(?=^[ \t]*@)/m : /(?=^)/m);
  const pieces: string[] = [];
  let [piece, count] = ["", 0];
  for (const entry of entries) {
    if (entry.length > MOST_CHARACTERS) continue;
    if (count === MOST_ENTRIES || piece.length + entry.length > MOST_CHARACTERS) {
      pieces.push(piece);
      [piece, count] = ["", 0];
    }
    piece += entry;
    count += 1;
  }
  return [...pieces, piece].filter((each) => each.trim()).slice(0, MOST.references / MOST_ENTRIES);
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}
