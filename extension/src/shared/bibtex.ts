// Papers as BibTeX.

import type { Paper } from "./papers";

const ESCAPES: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
};

/** One entry, with a line end. */
export function bibtex(paper: Paper): string {
  const [scheme, value] = [paper.id.slice(0, paper.id.indexOf(":")), paper.id.slice(paper.id.indexOf(":") + 1)];
  const fields: [string, string][] = [
    ["title", `{${escaped(paper.title)}}`], // the inner braces keep its capitals
    ["author", paper.authors.map(escaped).join(" and ")],
    ["year", paper.year === undefined ? "" : String(paper.year)],
    ["journal", escaped(paper.venue)],
    ["doi", scheme === "doi" ? escaped(value) : ""],
    ["eprint", scheme === "arxiv" ? escaped(value) : ""],
    ["archiveprefix", scheme === "arxiv" ? "arXiv" : ""],
    ["note", scheme === "doi" || scheme === "arxiv" ? "" : escaped(paper.id)],
  ];
  const lines = fields.filter(([, text]) => text !== "").map(([name, text]) => `  ${name} = {${text}},\n`);
  return `@${paper.venue ? "article" : "misc"}{${keyOf(paper)},\n${lines.join("")}}\n`;
}

/** small1973cocitation: plain letters and digits, whatever the names are written in. */
function keyOf(paper: Paper): string {
  const surname = paper.authors[0]?.split(/\s+/).at(-1) ?? "";
  const word = paper.title.split(/\s+/).find((each) => plain(each).length > 3) ?? "";
  return plain(surname) + (paper.year ?? "") + plain(word) || "paper";
}

function plain(text: string): string {
  return text.normalize("NFKD").replace(/[^A-Za-z0-9]/g, "").toLowerCase();
}

function escaped(text: string): string {
  return text.replace(/\s+/g, " ").trim().replace(/[\\{}~^]/g, (sign) => ESCAPES[sign]!).replace(/[&%$#_]/g, "\\$&");
}
