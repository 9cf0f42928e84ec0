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

/** The names, with a, b and so on behind those that are the same, in their order: "Small 1985a". */
export function toldApart(names: string[]): string[] {
  const turns = new Map<string, number>();
  return names.map((name) => {
    const turn = turns.get(name) ?? 0;
    turns.set(name, turn + 1);
    return names.indexOf(name) === names.lastIndexOf(name) ? name : name + (turn < 26 ? String.fromCharCode(97 + turn) : `-${turn + 1}`);
  });
}

/** The family name of "Given Family" or "Family, Given". */
export function familyName(author: string): string {
  const [before, after] = author.split(",", 2);
  return (after === undefined ? author.trim().split(/\s+/).at(-1) : before) || author;
}
