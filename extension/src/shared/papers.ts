// Papers and answers of the server, as far as they are shown.

export interface Paper {
  id: string;
  title: string;
  authors: string[];
  year: number | undefined;
  venue: string;
}

/** What related papers are asked for: a paper of the server, or a text where there is none. */
export type Seed = { kind: "paper"; id: string; title: string } | { kind: "text"; title: string };

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
