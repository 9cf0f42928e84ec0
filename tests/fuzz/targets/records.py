"""Records a line: Semantic Scholar's data sets, arXiv's snapshot, our own format, and files of events."""

from cocite.catalogue.ingest import arxiv, jsonl, s2
from cocite.catalogue.ingest.cleaning import BadRecord
from cocite.catalogue.ingest.format import line_rows
from cocite.cli.event_lines import event_of
from cocite.core.errors import InvalidArgument
from fuzz.sources import source_of, take_all

SEEDS = [
    b'{"corpusid":1,"paperId":"0123456789abcdef0123456789abcdef01234567","externalids":{"DOI":"10.1000/1","ACL":null},'
    b'"title":"t","year":2020,"authors":[{"name":"A"}],"journal":{"name":"J"},"references":[{"paperId":"2"},3],'
    b'"s2fieldsofstudy":[{"category":"c"}],"publicationdate":"2020-01-02"}\n{"citingcorpusid":1,"citedcorpusid":"2"}',
    b'{"id":"hep-th/9901001","title":"A $x^2$","authors_parsed":[["Lee","A","jr"]],"authors":"A, B and C (x (y))",'
    b'"categories":"cs.DL math.GT","doi":"10.1000/1 10.1000/2","journal-ref":"J. Vol. 3",'
    b'"versions":[{"created":"Mon, 2 Apr 2007 19:18:42 GMT"}],"update_date":"2008-11-26"}',
    b'{"id":"doi:10.1000/1","ids":["W1"],"aliases":["17"],"references":["W2",3,null],"tags":"a, b","published":"2020"}',
    b"citing_id\tcited_id\n10.1000/1\tW2\nx\n",
    b"reader_id\tpaper_id\nann\t10.1000/1\n \tx\n",
    b'{"event_id":"1","session_id":"00112233445566778899aabbccddeeff","kind":"save","paper_id":"W1",'
    b'"occurred_at":"2026-11-23T12:00:00Z","position":1,"undo":true,"attribution_token":"x"}',
    b'{"id":' + b"[" * 50 + b"]" * 50 + b"}",
]


def check(data: bytes) -> None:
    take_all(data, s2.detect, None)
    take_all(data, arxiv.detect, None)
    take_all(data, jsonl.detect, None)
    take_all(data, jsonl.detect, "local")
    for row in line_rows(source_of(data)):
        try:
            event_of(row)
        except (BadRecord, InvalidArgument) as refused:
            str(refused).encode()
