// Words that the page and the extension have in common.

export function counted(count: number, one: string): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : `${one}s`}`;
}

export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

/** The family name of "Given Family" or "Family, Given". */
export function familyName(author: string): string {
  const [before, after] = author.split(",", 2);
  return (after === undefined ? author.trim().split(/\s+/).at(-1) : before) || author;
}
