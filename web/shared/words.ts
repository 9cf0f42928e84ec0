// Words that the page and the extension have in common.

export function counted(count: number, one: string): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : `${one}s`}`;
}

export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

/** "Small 1973"; without authors the first words of the title, failing that the id. */
export function shortNameOf(paper: { authors: string[]; title: string; year?: number | undefined }, id: string): string {
  const first = paper.authors[0];
  const name = first ? familyName(first) : paper.title.split(/\s+/).slice(0, 3).join(" ") || id;
  return paper.year === undefined ? name : `${name} ${paper.year}`;
}

/** The family name of "Given Family" or "Family, Given". */
export function familyName(author: string): string {
  const [before, after] = author.split(",", 2);
  return (after === undefined ? author.trim().split(/\s+/).at(-1) : before) || author;
}
