// Papers as files for reference managers, tables and programs.

import type { Paper } from "./generated/cocite/v1/paper_pb.js";
import { familyName, linkOf } from "./papers.js";

export interface Format {
  extension: string;
  type: string;
  write: (papers: Paper[]) => string;
}

export const FORMATS: Record<string, Format> = {
  BibTeX: { extension: "bib", type: "application/x-bibtex", write: bibtex },
  RIS: { extension: "ris", type: "application/x-research-info-systems", write: ris },
  CSV: { extension: "csv", type: "text/csv", write: csv },
  JSON: { extension: "json", type: "application/json", write: json },
};

/** The value of a scheme in the paper's id, undefined where the id is of another. */
function idOf(paper: Paper, scheme: string): string | undefined {
  return paper.paperId.startsWith(`${scheme}:`) ? paper.paperId.slice(scheme.length + 1) : undefined;
}

// BibTeX: https://www.bibtex.org/Format/, characters that TeX reads otherwise are written as what it prints.
const TEX: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
};

function tex(text: string): string {
  return oneLine(text).replace(/[\\{}~^]|[&%$#_]/g, (found) => TEX[found] ?? `\\${found}`);
}

function bibtex(papers: Paper[]): string {
  const keys = new Set<string>();
  return papers.map((paper) => `${entry(paper, freshKey(paper, keys))}\n`).join("\n");
}

function entry(paper: Paper, key: string): string {
  const doi = idOf(paper, "doi");
  const arxiv = idOf(paper, "arxiv");
  const fields: [string, string | undefined][] = [
    ["title", paper.title && `{${tex(paper.title)}}`], // braces within keep the case of its letters
    ["author", paper.authors.map(tex).join(" and ")],
    ["year", paper.year?.toString()],
    ["journal", tex(paper.venue)],
    ["doi", doi && tex(doi)],
    ["eprint", arxiv],
    ["archiveprefix", arxiv && "arXiv"],
    ["url", doi || arxiv ? undefined : linkOf(paper.paperId)],
  ];
  const told = fields.filter(([, value]) => value).map(([name, value]) => `  ${name} = {${value}}`);
  return `@${paper.venue ? "article" : "misc"}{${key},\n${told.join(",\n")}\n}`;
}

/** A key as people make them, "small1973cocitation", with a letter behind it where it is taken. */
function freshKey(paper: Paper, taken: Set<string>): string {
  const word = paper.title.split(/\s+/).find((each) => plain(each).length > 3) ?? "";
  const key = plain(familyName(paper.authors[0] ?? "")) + (paper.year ?? "") + plain(word) || "paper";
  let fresh = key;
  for (let count = 2; taken.has(fresh); count += 1) fresh = `${key}-${count}`;
  taken.add(fresh);
  return fresh;
}

function plain(text: string): string {
  return text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]/g, "");
}

// RIS: https://en.wikipedia.org/wiki/RIS_(file_format); one tag a line, lines end with CR LF.
function ris(papers: Paper[]): string {
  return papers
    .flatMap((paper) => [
      `TY  - ${paper.venue ? "JOUR" : "GEN"}`,
      ...paper.authors.map((author) => `AU  - ${oneLine(author)}`),
      paper.title && `TI  - ${oneLine(paper.title)}`,
      paper.year !== undefined && `PY  - ${paper.year}`,
      paper.venue && `JO  - ${oneLine(paper.venue)}`,
      idOf(paper, "doi") && `DO  - ${idOf(paper, "doi")}`,
      linkOf(paper.paperId) && `UR  - ${linkOf(paper.paperId)}`,
      `ID  - ${paper.paperId}`,
      "ER  - ",
      "",
    ])
    .filter((line) => line !== false && line !== undefined)
    .map((line) => `${line}\r\n`)
    .join("");
}

// CSV: RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe.
function csv(papers: Paper[]): string {
  const head = ["paper_id", "title", "authors", "year", "venue", "citation_count", "url"];
  const rows = papers.map((paper) => [
    paper.paperId,
    paper.title,
    paper.authors.join("; "),
    paper.year?.toString() ?? "",
    paper.venue,
    String(paper.citationCount),
    linkOf(paper.paperId) ?? "",
  ]);
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function json(papers: Paper[]): string {
  const told = papers.map((paper) => ({
    paper_id: paper.paperId,
    title: paper.title,
    authors: paper.authors,
    year: paper.year ?? null,
    venue: paper.venue,
    citation_count: paper.citationCount,
    url: linkOf(paper.paperId) ?? null,
  }));
  return `${JSON.stringify(told, null, 2)}\n`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Hand the papers over as a file. */
export function download(papers: Paper[], { extension, type, write }: Format): void {
  const address = URL.createObjectURL(new Blob([write(papers)], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `related-papers.${extension}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
