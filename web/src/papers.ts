// Papers that are known by now, by every id they were asked by.

import { shortNameOf as nameOf } from "../shared/words.js";
import { features } from "./api.js";
import type { Paper } from "./generated/cocite/v1/paper_pb.js";

const MOST_KNOWN = 10_000;
const MOST_A_CALL = 500;
const known = new Map<string, Paper>();

export function remember(paper: Paper, askedBy = paper.paperId): void {
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(paper.paperId, paper).set(askedBy, paper);
}

export function paperOf(id: string): Paper | undefined {
  return known.get(id);
}

/** Ask for those of the papers that are not known yet. Unknown ids stay unknown. */
export async function fetchPapers(ids: string[], signal?: AbortSignal): Promise<void> {
  const missing = [...new Set(ids)].filter((id) => !known.has(id));
  for (let start = 0; start < missing.length; start += MOST_A_CALL) {
    const asked = { paperIds: missing.slice(start, start + MOST_A_CALL) };
    const { papers } = await features.batchGetPapers(asked, signal ? { signal } : {});
    for (const { paper, requestedId } of papers) if (paper) remember(paper, requestedId);
  }
}

/** "Small 1973", or the id while the paper is not known. */
export function shortName(id: string): string {
  const paper = known.get(id);
  return paper ? shortNameOf(paper) : id;
}

export function shortNameOf(paper: Paper): string {
  return nameOf(paper, paper.paperId);
}

/** "A, B, C and 4 more". */
export function authorsOf(paper: Paper, most: number): string {
  const more = paper.authors.length - most;
  if (more <= 1) return paper.authors.join(", ");
  return `${paper.authors.slice(0, most).join(", ")} and ${more} more`;
}
