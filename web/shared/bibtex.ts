// Papers as BibTeX: https://www.bibtex.org/Format/

import { linkOf, valueOf } from "./paper_links.js";
import { familyName } from "./words.js";

/** What an entry is made of. */
export interface Citable {
  id: string;
  title: string;
  authors: string[];
  year?: number | undefined;
  venue: string;
}

// What TeX would read otherwise, written as what it prints.
const TEX: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
};

/** An entry each, every one with a key of its own. */
export function bibtex(papers: Citable[]): string {
  const keys = new Set<string>();
  return papers.map((paper) => entry(paper, freshKey(paper, keys))).join("\n");
}

function entry({ id, title, authors, year, venue }: Citable, key: string): string {
  const [doi, arxiv] = [valueOf(id, "doi"), valueOf(id, "arxiv")];
  const fields: [string, string | undefined][] = [
    ["title", title && `{${tex(title)}}`], // braces within keep the case of its letters
    ["author", authors.map(tex).join(" and ")],
    ["year", year?.toString()],
    ["journal", tex(venue)],
    ["doi", doi && tex(doi)],
    ["eprint", arxiv],
    ["archiveprefix", arxiv && "arXiv"],
    ["url", doi || arxiv ? undefined : linkOf(id)],
  ];
  const told = fields.filter(([, value]) => value).map(([name, value]) => `  ${name} = {${value}}`);
  return `@${venue ? "article" : "misc"}{${[key, ...told].join(",\n")}\n}\n`;
}

/** A key as people make them, "small1973cocitation", with a number behind it where it is taken. */
function freshKey({ title, authors, year }: Citable, taken: Set<string>): string {
  const word = title.split(/\s+/).find((each) => plain(each).length > 3) ?? "";
  const key = plain(familyName(authors[0] ?? "")) + (year ?? "") + plain(word) || "paper";
  let fresh = key;
  for (let count = 2; taken.has(fresh); count += 1) fresh = `${key}-${count}`;
  taken.add(fresh);
  return fresh;
}

function plain(text: string): string {
  return text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]/g, "");
}

function tex(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.replace(/[\\{}~^]|[&%$#_]/g, (found) => TEX[found] ?? `\\${found}`);
}
