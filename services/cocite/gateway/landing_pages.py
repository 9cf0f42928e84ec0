"""Where papers can be read."""

from urllib.parse import quote

_PAGES = {
    "doi": "https://doi.org/{}",
    "arxiv": "https://arxiv.org/abs/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "openalex": "https://openalex.org/{}",
    "acl": "https://aclanthology.org/{}/",
    "s2": "https://www.semanticscholar.org/paper/{}",
}
_CORPUS = "https://api.semanticscholar.org/CorpusID:{}"
_UNESCAPED = "/:;()!$&'*+,=@~"  # what a path holds as it is (RFC 3986, 3.3)


def landing_page(paper_id: str) -> str | None:
    """A page about the paper of a canonical id: its publisher's or an index's; None for an id without one."""
    scheme, _, value = paper_id.partition(":")
    page = _CORPUS if scheme == "s2" and value.isdecimal() else _PAGES.get(scheme)
    return page.format(quote(value, safe=_UNESCAPED)) if page else None
