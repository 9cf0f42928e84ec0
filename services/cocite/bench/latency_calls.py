"""What is asked for in each row: requests of one kind, over the papers of a model."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import numpy as np

from cocite.client.requests import recommend_request
from cocite.client.types import TextSeed
from cocite.core.paper import PaperText
from cocite.load.requests import Call
from cocite.recommender.bundle import Bundle
from cocite.v1.paper_pb2 import Paper

METHOD = "/cocite.v1.RecommenderService/RecommendPapers"
PAGE_SIZE = 20
POSITIVES = 3


def related_call(paper_id: str) -> Call:
    """A page of what is related to one paper, and nothing else: what is answered from the paper's list."""
    return Call(METHOD, recommend_request([paper_id], page_size=PAGE_SIZE).SerializeToString())


def query_calls(bundle: Bundle, count: int, seed: int) -> list[Call]:
    """Queries of a paper and two of its neighbours against a paper that has nothing to do with them, and not for
    results of more than ten years before. No two are alike.
    """  # fmt: skip
    asked: dict[bytes, None] = {}
    for rows in _groups(bundle, np.random.default_rng(seed)):
        *positives, negative = [bundle.paper_id(row) for row in rows]
        least = int(bundle.years[rows[0]]) - 10
        request = recommend_request(positives, negative=[negative], min_year=least, page_size=PAGE_SIZE)
        asked[request.SerializeToString()] = None
        if len(asked) == count:
            break
    return [Call(METHOD, message) for message in asked]


def _groups(bundle: Bundle, rng: np.random.Generator) -> Iterator[list[int]]:
    """Rows of POSITIVES papers near each other and of another, without end."""
    while True:
        first, other = rng.integers(bundle.paper_count, size=2).tolist()
        near = bundle.text_neighbours[first][bundle.text_neighbours[first] >= 0]
        if near.size < POSITIVES - 1:
            continue
        chosen = [first, *rng.choice(near, POSITIVES - 1, replace=False).tolist()]
        if other not in chosen:
            yield [*chosen, other]


def text_seeds(bundle: Bundle, count: int, seed: int) -> dict[str, int]:
    """Texts that no paper has, each with the row of a paper it is like: two titles, of which the first is its."""
    found: dict[str, int] = {}
    rng = np.random.default_rng(seed)
    while len(found) < count:
        row, other = rng.integers(bundle.paper_count, size=2).tolist()
        text = f"{_title(bundle, row)} {_title(bundle, other)}".strip()
        if text:
            found[text] = row
    return found


def text_call(text: str) -> Call:
    """A page of what is like a text."""
    request = recommend_request(texts=[TextSeed(text, "")], page_size=PAGE_SIZE)
    return Call(METHOD, request.SerializeToString())


def embedded_text(text: str) -> str:
    """What of such a seed the embedding service is asked for."""
    return PaperText(text, "").joined()


def rival_paths(paper_ids: Sequence[str]) -> list[str]:
    """What the row fastapi is asked for."""
    return [f"/recommend?paper={quote(each, safe='')}" for each in paper_ids]


def _title(bundle: Bundle, row: int) -> str:
    return Paper.FromString(bundle.display.of(row)).title
