// Papers and answers of the server, as far as they are shown.

import { shortNameOf } from "../../../web/shared/words.js";

export interface Paper {
  id: string;
  title: string;
  authors: string[];
  year: number | undefined;
  venue: string;
  hasAbstract: boolean;
}

/** What related papers are asked for: a paper of the server, or a text where there is none. */
export type Seed = PaperSeed | { kind: "text"; title: string };

/** name: short, as in reasons: "Small 1973". */
export interface PaperSeed {
  kind: "paper";
  id: string;
  title: string;
  name: string;
  hasAbstract: boolean;
}

export function seedOf(paper: Paper): PaperSeed {
  return { kind: "paper", id: paper.id, title: paper.title, name: shortNameOf(paper, paper.id), hasAbstract: paper.hasAbstract };
}

export interface Result {
  paper: Paper;
  rank: number;
  /** In words, strongest first. */
  reasons: string[];
}

export interface RelatedPage {
  results: Result[];
  /** "" on the last page. */
  nextPageToken: string;
  attributionToken: string;
  modelVersion: string;
  /** What the reader should know beside the results, a line each. */
  notes: string[];
}

/** The paper as "White and Griffith, 1981, JASIS". */
export function byline(paper: Paper): string {
  const [first, second] = paper.authors;
  const authors = paper.authors.length > 2 ? `${first} et al.` : [first, second].filter(Boolean).join(" and ");
  return [authors, paper.year, paper.venue].filter(Boolean).join(" · ");
}
