"""OpenAlex: works as JSON lines, pages and CSV, and answers of its API."""

from cocite.catalogue.follow.openalex_source import OpenAlexSource
from cocite.catalogue.ingest import openalex
from cocite.catalogue.ingest.format import Row
from cocite.catalogue.ingest.taking import parse_row
from cocite.catalogue.openalex_http import Api, read_page
from cocite.catalogue.polite_http import Answer, TryAgain, Validators
from cocite.core.errors import InvalidArgument
from fuzz.sources import take_all

SEEDS = [
    b'{"id":"https://openalex.org/W1","doi":"https://doi.org/10.1000/1","title":"A <i>b</i> &amp; c",'
    b'"publication_year":2020,"publication_date":"2020-01-02","referenced_works":["W2","W1"],'
    b'"abstract_inverted_index":{"a":[0,2],"b":[1]},"ids":{"pmid":17},"keywords":[{"display_name":"k"}],'
    b'"authorships":[{"author":{"display_name":"A"}}],"primary_location":{"source":{"display_name":"V"}},'
    b'"locations":[{"landing_page_url":"https://arxiv.org/abs/1706.03762"}],"topics":[{"field":{"display_name":"f"}}],'
    b'"concepts":[{"display_name":"c","level":0}]}',
    b'{"meta":{"count":1,"next_cursor":"x"},"results":[{"id":"W1","title":"t"}]}',
    b'{\n"results": [\n{"id": "W1", "publication_year": 1e400}\n]}',
    b'id,doi,title,publication_year\nW1,10.1000/1,"a ""b""\nc",2020\nW2,,"open,2021\n',
    b'{"message":"no such filter"}',
]
_SOURCE = OpenAlexSource(Api("https://localhost"), "is_oa:true")


def check(data: bytes) -> None:
    take_all(data, openalex.detect, None)
    for status in (200, 400):
        try:
            page = read_page(Answer(status, data, Validators()))
        except (TryAgain, InvalidArgument) as refused:
            str(refused).encode()
            continue
        for place, work in enumerate(page.works, 1):
            parse_row(_SOURCE.parse, Row(place, work))
