"""The one grammar of paper ids.

A canonical paper id is "scheme:value". Any spelling people paste (URLs, bare DOIs and arXiv numbers, versions,
any case) is turned into it by normalise_id; two spellings of one id have one canonical form.

| scheme | canonical value | source of the form |
|---|---|---|
| doi | lower case, 10.<registrant>/<suffix> | ISO 26324; DOIs are case-insensitive |
| arxiv | number without version (1706.03762, hep-th/9901001) | arXiv identifier scheme |
| pmid | digits | PubMed |
| openalex | W and digits | OpenAlex works |
| s2 | digits (corpus id) or 40 hex digits (paper hash) | Semantic Scholar |
| acl | anthology id, upper-case volume letter (P19-1001, 2020.acl-main.1) | ACL Anthology |
| local | anything printable without spaces | a corpus with ids of its own |

DOIs that arXiv registers (10.48550/arXiv.X) become arxiv:X.
"""

import re
from urllib.parse import unquote

from cocite.core.errors import InvalidId

MAX_ID_LENGTH = 512
SCHEMES = ("doi", "arxiv", "pmid", "openalex", "s2", "acl", "local")

_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/[^\s{}\\\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_ARXIV_NEW = re.compile(r"[0-9]{4}\.[0-9]{4,5}")
_ARXIV_OLD = re.compile(r"[a-z][a-z-]*(?:\.[a-z]{2})?/[0-9]{7}")
_ARXIV_VERSION = re.compile(r"v[0-9]+$")
_PMID = re.compile(r"[0-9]{1,9}")
_OPENALEX = re.compile(r"W[0-9]{1,12}")
_S2 = re.compile(r"[0-9]{1,12}|[0-9a-f]{40}")
_ACL = re.compile(r"[A-Z][0-9]{2}-[0-9]{4}|[0-9]{4}\.[a-z0-9_]+-[a-z0-9_]+\.[0-9]+")
_LOCAL = re.compile(r"[!-~\u00a1-\ud7ff\ue000-\uffef]{1,200}")
_ARXIV_DOI_PREFIX = "10.48550/arxiv."
_TRAILING_PUNCTUATION = ".,;"

_ARXIV_SITES = r"(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format)|(?:www\.)?alphaxiv\.org/(?:abs|overview)"
# Each pattern follows the host's scheme, if any, and is followed by what the id does not include.
_URL_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?:https?://)?(?:{pattern})/?(?:[?#].*)?", re.IGNORECASE), scheme)
    for pattern, scheme in (
        (r"(?:dx\.|www\.)?doi\.org/([^?#]+?)", "doi"),
        (rf"(?:{_ARXIV_SITES}|huggingface\.co/papers)/([^?#]+?)(?:\.pdf)?", "arxiv"),
        (r"pubmed\.ncbi\.nlm\.nih\.gov/([0-9]+)", "pmid"),
        (r"(?:www\.)?ncbi\.nlm\.nih\.gov/pubmed/([0-9]+)", "pmid"),
        (r"(?:api\.|explore\.)?openalex\.org/(?:works/)?(W[0-9]+)", "openalex"),
        (r"(?:www\.)?semanticscholar\.org/paper/(?:[^/?#]+/)?([0-9a-f]{40})", "s2"),
        (r"api\.semanticscholar\.org/(?:corpusid:)?([0-9a-f]+)", "s2"),
        (r"(?:www\.)?aclanthology\.org/([^/?#]+?)(?:\.pdf)?", "acl"),
        (r"link\.springer\.com/(?:article|chapter|book|content/pdf)/(10\.[^?#]+?)(?:\.pdf)?", "doi"),
        (r"www\.(?:bio|med)rxiv\.org/content/(10\.[0-9]+/[^/?#]+?)(?:v[0-9]+)?(?:\.[a-z][a-z.-]*)?", "doi"),
        (r"[a-z0-9.-]+/doi/(?:[a-z]+/)?(10\.[^?#]+?)", "doi"),  # ACM, Wiley, Taylor & Francis, SAGE, ACS, Science...
    )
)

_PREFIX_ALIASES = {
    "doi": "doi",
    "arxiv": "arxiv",
    "pmid": "pmid",
    "pubmed": "pmid",
    "openalex": "openalex",
    "s2": "s2",
    "corpusid": "s2",
    "acl": "acl",
    "local": "local",
}


def _doi(value: str) -> str | None:
    doi = value.strip().rstrip(_TRAILING_PUNCTUATION).lower()
    if not _DOI.fullmatch(doi):
        return None
    if doi.startswith(_ARXIV_DOI_PREFIX):
        return _arxiv(doi.removeprefix(_ARXIV_DOI_PREFIX))
    return f"doi:{doi}"


def _arxiv(value: str) -> str | None:
    number = _ARXIV_VERSION.sub("", value.strip().strip("/").lower())
    if _ARXIV_NEW.fullmatch(number):
        return f"arxiv:{number}"
    if _ARXIV_OLD.fullmatch(number):
        archive, serial = number.split("/")
        return f"arxiv:{archive.split('.')[0]}/{serial}"  # math.GT/0309136 and math/0309136 are one paper
    return None


def _pmid(value: str) -> str | None:
    return f"pmid:{int(value)}" if _PMID.fullmatch(value) and value.isascii() else None


def _openalex(value: str) -> str | None:
    work = value.upper()
    return f"openalex:{work}" if _OPENALEX.fullmatch(work) else None


def _s2(value: str) -> str | None:
    paper = value.lower()
    return f"s2:{paper}" if _S2.fullmatch(paper) else None


def _acl(value: str) -> str | None:
    anthology = value[:1].upper() + value[1:].lower() if value[:1].isalpha() else value.lower()
    return f"acl:{anthology}" if _ACL.fullmatch(anthology) else None


def _local(value: str) -> str | None:
    return f"local:{value}" if _LOCAL.fullmatch(value) else None


_BY_SCHEME = {
    "doi": _doi,
    "arxiv": _arxiv,
    "pmid": _pmid,
    "openalex": _openalex,
    "s2": _s2,
    "acl": _acl,
    "local": _local,
}


def _canonical(text: str) -> str | None:
    prefix, colon, value = text.partition(":")
    if colon and (scheme_of := _PREFIX_ALIASES.get(prefix.strip().lower())):
        value = value.strip()
        if "://" in value and scheme_of != "local":
            return _canonical(value)
        return _BY_SCHEME[scheme_of](value)
    if "/" in text and not text.startswith("10."):
        for pattern, scheme in _URL_RULES:
            if match := pattern.fullmatch(text):
                return _BY_SCHEME[scheme](unquote(match.group(1)))
    return _doi(text) or _arxiv(text) or _openalex(text) or _acl(text)


def normalise_id(text: str, *, field: str = "") -> str:
    """Return the canonical form of a paper id in any accepted spelling.

    field names the request field in the error. Raises InvalidId when no scheme fits.
    """
    stripped = text.strip()
    if stripped and len(stripped) <= MAX_ID_LENGTH and "\x00" not in stripped:
        canonical = _canonical(stripped)
        if canonical and len(canonical) <= MAX_ID_LENGTH:
            return canonical
    shown = stripped if len(stripped) <= 60 else stripped[:57] + "..."
    raise InvalidId(
        f"{shown!r} is not a paper id",
        hint="write it as doi:10.1002/asi.4630240406, arxiv:1706.03762, pmid:, openalex:W, s2:, acl: or its URL",
        field=field,
    )


def try_normalise_id(text: str) -> str | None:
    """normalise_id, with None for what is no id."""
    try:
        return normalise_id(text)
    except InvalidId:
        return None
