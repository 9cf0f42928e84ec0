// Where papers can be read.

/** The value of a scheme in a paper's id, undefined where the id is of another. */
export function valueOf(id: string, scheme: string): string | undefined {
  return id.startsWith(`${scheme}:`) ? id.slice(scheme.length + 1) : undefined;
}

/** A page about the paper: its publisher's, its repository's or an index's. Undefined for an id without one. */
export function linkOf(id: string): string | undefined {
  const colon = id.indexOf(":");
  const path = encodeURI(id.slice(colon + 1)).replace(/[?#]/g, encodeURIComponent);
  switch (id.slice(0, colon)) {
    case "doi":
      return `https://doi.org/${path}`;
    case "arxiv":
      return `https://arxiv.org/abs/${path}`;
    case "pmid":
      return `https://pubmed.ncbi.nlm.nih.gov/${path}/`;
    case "openalex":
      return `https://openalex.org/${path}`;
    case "s2":
      return path.length === 40 ? `https://www.semanticscholar.org/paper/${path}` : `https://api.semanticscholar.org/CorpusID:${path}`;
    case "acl":
      return `https://aclanthology.org/${path}/`;
    default:
      return undefined;
  }
}
