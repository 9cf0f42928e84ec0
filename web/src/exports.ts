// Papers as files for reference managers, tables and programs.

import { bibtex } from "../shared/bibtex.js";
import { download } from "../shared/download.js";
import { linkOf, valueOf } from "../shared/paper_links.js";
import type { Paper } from "./generated/cocite/v1/paper_pb.js";

/** A paper of a list: rank, 0 where it has none, and why it is there, in words. */
export interface Exported {
  paper: Paper;
  rank: number;
  reasons: string[];
}

export interface Format {
  extension: string;
  type: string;
  write: (listed: Exported[]) => string;
}

export const FORMATS: Record<string, Format> = {
  BibTeX: { extension: "bib", type: "application/x-bibtex", write: (listed) => bibtex(listed.map(({ paper }) => ({ ...paper, id: paper.paperId }))) },
  RIS: { extension: "ris", type: "application/x-research-info-systems", write: ris },
  CSV: { extension: "csv", type: "text/csv", write: csv },
  JSON: { extension: "json", type: "application/json", write: json },
};

// RIS: https://en.wikipedia.org/wiki/RIS_(file_format); one tag a line, lines end with CR LF.
function ris(listed: Exported[]): string {
  return listed
    .flatMap(({ paper, reasons }) => [
      `TY  - ${paper.venue ? "JOUR" : "GEN"}`,
      ...paper.authors.map((author) => `AU  - ${oneLine(author)}`),
      paper.title && `TI  - ${oneLine(paper.title)}`,
      paper.year !== undefined && `PY  - ${paper.year}`,
      paper.venue && `JO  - ${oneLine(paper.venue)}`,
      valueOf(paper.paperId, "doi") && `DO  - ${valueOf(paper.paperId, "doi")}`,
      linkOf(paper.paperId) && `UR  - ${linkOf(paper.paperId)}`,
      reasons.length > 0 && `N1  - ${oneLine(reasons.join("; "))}`,
      `ID  - ${paper.paperId}`,
      "ER  - ",
      "",
    ])
    .filter((line) => line !== false && line !== undefined)
    .map((line) => `${line}\r\n`)
    .join("");
}

// CSV: RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe.
function csv(listed: Exported[]): string {
  const head = ["paper_id", "title", "authors", "year", "venue", "citation_count", "url", "rank", "reasons"];
  const rows = listed.map(({ paper, rank, reasons }) => [
    paper.paperId,
    paper.title,
    paper.authors.join("; "),
    paper.year?.toString() ?? "",
    paper.venue,
    String(paper.citationCount),
    linkOf(paper.paperId) ?? "",
    rank ? String(rank) : "",
    reasons.join("; "),
  ]);
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function json(listed: Exported[]): string {
  const told = listed.map(({ paper, rank, reasons }) => ({
    paper_id: paper.paperId,
    title: paper.title,
    authors: paper.authors,
    year: paper.year ?? null,
    venue: paper.venue,
    citation_count: paper.citationCount,
    url: linkOf(paper.paperId) ?? null,
    rank: rank || null,
    reasons,
  }));
  return `${JSON.stringify(told, null, 2)}\n`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Hand the papers over as a file of this name. */
export function downloadPapers(listed: Exported[], { extension, type, write }: Format, name: string): void {
  download(`${name}.${extension}`, type, write(listed));
}
