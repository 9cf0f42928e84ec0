// The grammar of paper ids, as the server has it (services/cocite/core/ids.py); tests/urls.json holds the two together.

const MAX_ID_LENGTH = 512;

const DOI = /^10\.[0-9]{4,9}(?:\.[0-9]+)*\/[^\s{}\\\x00-\x1f\x7f-\x9f\ud800-\udfff]+$/u;
const ARXIV_NEW = /^[0-9]{4}\.[0-9]{4,5}$/;
const ARXIV_OLD = /^([a-z][a-z-]*)(?:\.[a-z]{2})?\/([0-9]{7})$/;
const ACL = /^(?:[A-Z][0-9]{2}-[0-9]{4}|[0-9]{4}\.[a-z0-9_]+-[a-z0-9_]+\.[0-9]+)$/;
const ARXIV_DOI_PREFIX = "10.48550/arxiv.";

const SCHEMES = {
  doi(value: string): string | null {
    const doi = value.trim().replace(/[.,;]+$/, "").toLowerCase();
    if (!DOI.test(doi)) return null;
    return doi.startsWith(ARXIV_DOI_PREFIX) ? SCHEMES.arxiv(doi.slice(ARXIV_DOI_PREFIX.length)) : `doi:${doi}`;
  },
  arxiv(value: string): string | null {
    const number = value.trim().replace(/^\/+|\/+$/g, "").toLowerCase().replace(/v[0-9]+$/, "");
    if (ARXIV_NEW.test(number)) return `arxiv:${number}`;
    const old = ARXIV_OLD.exec(number);
    return old ? `arxiv:${old[1]}/${old[2]}` : null; // math.GT/0309136 and math/0309136 are one paper
  },
  pmid: (value: string): string | null => (/^[0-9]{1,9}$/.test(value) ? `pmid:${Number(value)}` : null),
  openalex: (value: string): string | null => (/^W[0-9]{1,12}$/i.test(value) ? `openalex:${value.toUpperCase()}` : null),
  s2: (value: string): string | null => (/^(?:[0-9]{1,12}|[0-9a-f]{40})$/i.test(value) ? `s2:${value.toLowerCase()}` : null),
  acl(value: string): string | null {
    const lower = value.toLowerCase();
    const anthology = /^[a-z]/.test(lower) ? lower.charAt(0).toUpperCase() + lower.slice(1) : lower;
    return ACL.test(anthology) ? `acl:${anthology}` : null;
  },
};

export type Scheme = keyof typeof SCHEMES;

const ARXIV_SITES = "(?:www\\.|export\\.)?arxiv\\.org/(?:abs|pdf|html|format)|(?:www\\.)?alphaxiv\\.org/(?:abs|overview)";
// Each pattern follows the host's scheme, if any, and is followed by what the id does not include.
const URL_RULES = (
  [
    ["(?:dx\\.|www\\.)?doi\\.org/([^?#]+?)", "doi"],
    [`(?:${ARXIV_SITES}|huggingface\\.co/papers)/([^?#]+?)(?:\\.pdf)?`, "arxiv"],
    ["pubmed\\.ncbi\\.nlm\\.nih\\.gov/([0-9]+)", "pmid"],
    ["(?:www\\.)?ncbi\\.nlm\\.nih\\.gov/pubmed/([0-9]+)", "pmid"],
    ["(?:api\\.|explore\\.)?openalex\\.org/(?:works/)?(W[0-9]+)", "openalex"],
    ["(?:www\\.)?semanticscholar\\.org/paper/(?:[^/?#]+/)?([0-9a-f]{40})", "s2"],
    ["api\\.semanticscholar\\.org/(?:corpusid:)?([0-9a-f]+)", "s2"],
    ["(?:www\\.)?aclanthology\\.org/([^/?#]+?)(?:\\.pdf)?", "acl"],
    ["link\\.springer\\.com/(?:article|chapter|book|content/pdf)/(10\\.[^?#]+?)(?:\\.pdf)?", "doi"],
    ["www\\.(?:bio|med)rxiv\\.org/content/(10\\.[0-9]+/[^/?#]+?)(?:v[0-9]+)?(?:\\.[a-z][a-z.-]*)?", "doi"],
    ["[a-z0-9.-]+/doi/(?:[a-z]+/)?(10\\.[^?#]+?)", "doi"], // ACM, Wiley, Taylor & Francis, SAGE, ACS, Science...
  ] as const
).map(([pattern, scheme]) => ({
  pattern: new RegExp(`^(?:https?://)?(?:${pattern})/?(?:[?#].*)?$`, "i"),
  scheme,
}));

/** The canonical id that a URL means, null when it is that of no paper. */
export function idOfUrl(url: string): string | null {
  const text = url.trim();
  if (text.length > MAX_ID_LENGTH || text.includes("\0")) return null;
  for (const { pattern, scheme } of URL_RULES) {
    const match = pattern.exec(text);
    if (match) return bounded(SCHEMES[scheme](unquoted(match[1] ?? "")));
  }
  return null;
}

/** The canonical id of a value that is said to be of a scheme: bare, with the scheme before it, or as a URL. */
export function idOfValue(scheme: Scheme, value: string): string | null {
  const text = value.trim();
  if (/^https?:\/\//i.test(text)) return idOfUrl(text);
  const bare = text.replace(/^(?:doi|arxiv|pmid)\s*:\s*/i, "");
  return bare.length > MAX_ID_LENGTH ? null : bounded(SCHEMES[scheme](bare));
}

function bounded(id: string | null): string | null {
  return id && id.length <= MAX_ID_LENGTH ? id : null;
}

/** Percent escapes as UTF-8; what is none stays as it is. */
function unquoted(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
    new TextDecoder().decode(Uint8Array.from(escapes.slice(1).split("%"), (byte) => parseInt(byte, 16))),
  );
}
