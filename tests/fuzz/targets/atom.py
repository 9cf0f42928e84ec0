"""Answers of arXiv's API, Atom: a page of entries, a refusal, or no page at all."""

from datetime import UTC, datetime

from cocite.catalogue.follow.arxiv_atom import read_page
from cocite.catalogue.follow.arxiv_source import ArxivSource
from cocite.catalogue.ingest.format import Row
from cocite.catalogue.ingest.taking import parse_row
from cocite.catalogue.polite_http import Answer, TryAgain, Validators
from cocite.core.errors import InvalidArgument
from fuzz.scripted import Scripted

_FEED = (
    b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"'
    b' xmlns:o="http://a9.com/-/spec/opensearch/1.1/"><o:totalResults>%b</o:totalResults>%b</feed>'
)
_ENTRY = (
    b"<entry><id>http://arxiv.org/abs/1706.03762v1</id><title>A $x$</title><summary>s</summary>"
    b"<published>2020-01-02T00:00:00Z</published><author><name>A B</name></author><category term='cs.DL'/>"
    b"<arxiv:doi>10.1000/1</arxiv:doi><arxiv:journal_ref>J. 3</arxiv:journal_ref></entry>"
)
SEEDS = [
    _FEED % (b"1", _ENTRY),
    _FEED % (b"0", b""),
    _FEED % (b"1", b"<entry><id>http://arxiv.org/api/errors#x</id><summary>no</summary></entry>"),
    b'<!DOCTYPE f [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>' + _FEED % (b"&c;", b""),
    b'<?xml version="1.0" encoding="nobody-knows"?><feed/>',
]


def check(data: bytes) -> None:
    for status in (200, 400):
        answer = Answer(status, data, Validators())
        try:
            page = read_page(answer)
        except (TryAgain, InvalidArgument) as refused:
            str(refused).encode()
            continue
        assert page.total < 10**12
    source = ArxivSource(Scripted(data), ["cs.DL"])
    try:
        found = source.page(datetime(2000, 1, 1, tzinfo=UTC), "", Validators())
    except (TryAgain, InvalidArgument):
        return
    for row in found.rows if found else ():
        assert isinstance(row, Row)
        parse_row(source.parse, row)
