"""Answers by every way are the same bytes: from a related list, ranked live, and built message by message."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import grpc
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocite.core.paper import Paper
from cocite.recommender.answer import Answerer
from cocite.recommender.bundle import Bundle
from cocite.recommender.clients import EmbeddingClient, FeatureClient
from cocite.recommender.engine import Engine
from cocite.recommender.one_paper import PageAsked
from cocite.recommender.related import RelatedLists
from cocite.recommender.reload import Model
from cocite.recommender.texts import TextVectors
from cocite.serving.deadline import Deadline
from cocite.v1 import paper_pb2
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.embedding_service_pb2_grpc import add_EmbeddingServiceServicer_to_server
from cocite.v1.feature_service_pb2_grpc import add_FeatureServiceServicer_to_server
from support.bundles import Corpus, bundle_in_memory, checkerboard
from support.messages import slow_answer
from support.recommender import Embedding, Features, listen

SIZE, KEPT = 40, 30
NAMES = tuple(f"10.1000/{row}" for row in range(SIZE))
LONELY = "local:lonely"  # nothing is known of it: the most cited papers answer
BASIC, IDS, FULL = paper_pb2.PAPER_VIEW_BASIC, paper_pb2.PAPER_VIEW_ID, paper_pb2.PAPER_VIEW_FULL


def board() -> Corpus:
    """The checkerboard with authors, words beyond ASCII, readers, and a paper that nothing is known of."""
    plain = checkerboard(SIZE)
    papers = [
        replace(
            paper,
            title=f"{paper.title} {'' if row % 4 else 'über small-world'} Netze №{row % 5}",
            authors=("Ada", "Émilie")[: row % 3],
        )
        for row, paper in enumerate(plain.papers)
    ]
    libraries = ((20, 18, 16, 9), (20, 16, 14), (20, 18, 16, 9), (21, 19, 9), (9, 20))
    return Corpus((*papers, Paper(LONELY)), plain.citations, libraries)


@dataclass(frozen=True)
class Ways:
    """One model with related lists and without, and who answers with them."""

    corpus: Corpus
    kept: Model
    live: Model
    answerer: Answerer

    def answers(self, request: pb.RecommendPapersRequest) -> tuple[bytes, bytes, bytes]:
        kept, live = (self.answerer.answer(request, m, Deadline.after(60)).body for m in (self.kept, self.live))
        return kept, live, slow_answer(self.live, self.corpus, request).SerializeToString(deterministic=True)


def quick_answer(model: Model, request: pb.RecommendPapersRequest) -> bytes | None:
    """What the quick way makes of a request, None when it leaves it to the others."""
    data = request.SerializeToString(deterministic=True)
    asked = PageAsked.of(data)
    return None if asked is None else model.one_paper.answer(asked, data)


def model_of(bundle: Bundle) -> Model:
    return Model.of(bundle, Engine(bundle), "m1")


@pytest.fixture(scope="module")
def ways() -> Iterator[Ways]:
    corpus = board()
    bundle = bundle_in_memory(corpus, related=KEPT)
    features, embedding = Features(corpus.papers), Embedding()
    servers = [
        listen("FeatureService", lambda server: add_FeatureServiceServicer_to_server(features, server)),
        listen("EmbeddingService", lambda server: add_EmbeddingServiceServicer_to_server(embedding, server)),
    ]
    channels = [grpc.insecure_channel(address) for _, address in servers]
    answerer = Answerer(FeatureClient(channels[0]), TextVectors(EmbeddingClient(channels[1])))
    yield Ways(corpus, model_of(bundle), model_of(replace(bundle, related=RelatedLists.none())), answerer)
    for channel in channels:
        channel.close()
    for server, _ in servers:
        server.stop()


def one(name: str, **fields: object) -> pb.RecommendPapersRequest:
    return pb.RecommendPapersRequest(seeds=pb.Seeds(positive_ids=[name]), **fields)


SPELT = st.builds(str.format, st.sampled_from(["{}", "doi:{}", "https://doi.org/{}"]), st.sampled_from(NAMES))
PLAIN = st.builds(one, SPELT) | st.builds(one, SPELT, filter=st.just(pb.PaperFilter()))
SOME = st.lists(st.sampled_from(NAMES), max_size=2, unique=True)
TEXTS = st.sampled_from(["odd white paper", "bishops over small-world Netze", "xylophones"])
FILTERS = st.sampled_from(
    [pb.PaperFilter(), pb.PaperFilter(min_year=2000), pb.PaperFilter(venues=["Journal of White"], has_abstract=True)]
)


@st.composite
def mixed(draw: st.DrawFn) -> pb.RecommendPapersRequest:
    names = draw(st.permutations([*NAMES, LONELY]))
    seeds = pb.Seeds(
        positive_ids=names[: draw(st.integers(0, 3))],
        negative_ids=names[3 : 3 + draw(st.integers(0, 1))],
        library_ids=names[5 : 5 + draw(st.integers(0, 3))],
        reference_ids=names[10 : 10 + draw(st.integers(0, 3))],
        texts=[pb.TextSeed(title=text) for text in draw(st.lists(TEXTS, max_size=2, unique=True))],
    )
    if not (seeds.positive_ids or seeds.library_ids or seeds.reference_ids or seeds.texts):
        seeds.positive_ids.append(LONELY)
    request = pb.RecommendPapersRequest(seeds=seeds, filter=draw(FILTERS), exclude_ids=draw(SOME))
    request.recency, request.diversity = draw(st.sampled_from([(0.0, 0.0), (0.5, 0.0), (0.0, 0.7)]))
    return request


@settings(max_examples=120, deadline=None)
@given(
    request=PLAIN | st.just(one(LONELY)) | mixed(),
    size=st.sampled_from([0, 1, 7, 20, 25, 300]),
    view=st.sampled_from([0, BASIC, IDS, FULL]),
)
def test_every_way_gives_the_same_bytes(ways: Ways, request: pb.RecommendPapersRequest, size: int, view: int) -> None:
    request.page_size, request.view = size, view
    for _ in range(5):
        kept, live, slow = ways.answers(request)
        assert kept == live == slow == (quick_answer(ways.kept, request) or slow)
        request.page_token = pb.RecommendPapersResponse.FromString(slow).next_page_token
        if not request.page_token:
            break


def test_the_quick_way_takes_what_is_in_the_list_and_nothing_else(ways: Ways) -> None:
    def quick(request: pb.RecommendPapersRequest) -> bytes | None:
        return quick_answer(ways.kept, request)

    seed = NAMES[20]
    empty = one(seed, filter=pb.PaperFilter())
    for request in (one(seed), empty, one(seed, page_size=20, view=IDS), one(seed, page_size=1, view=BASIC)):
        assert quick(request) == ways.answers(request)[2]
    first = one(seed, page_size=9)
    first.page_token = pb.RecommendPapersResponse.FromString(quick(first) or b"").next_page_token
    assert quick(first) == ways.answers(first)[2]
    unknown = pb.RecommendPapersRequest.FromString(one(seed).SerializeToString() + b"\xa0\x06\x01")  # field 100
    several, text, filtered = one(seed), one(seed), one(seed, filter=pb.PaperFilter(min_year=1990))
    several.seeds.positive_ids.append(NAMES[3])
    text.seeds.texts.add(title="knights")
    others = [one(seed, view=FULL), one(seed, page_size=21), one(seed, recency=0.1), one(seed, exclude_ids=[NAMES[1]])]
    for request in (*others, unknown, several, text, filtered, one("local:nobody"), one("no id at all"), one(LONELY)):
        assert quick(request) is None


@pytest.mark.parametrize("part", ["score", "row", "reason", "display"])
def test_a_perturbed_byte_in_a_list_is_seen(ways: Ways, part: str) -> None:
    row, request = 20, one(NAMES[20])
    bundle, related = ways.kept.bundle, ways.kept.bundle.related
    changed = {
        "score": related.scores.view(np.uint8),
        "row": related.lists.rows.view(np.uint8),
        "reason": related.reasons,
        "display": bundle.display.encoded,
    }
    start = int(related.lists.offsets[row])
    place = {
        "score": 4 * start,
        "row": 4 * start,
        "reason": int(related.reason_offsets[row]) + 3,  # the count of the first reason
        "display": int(bundle.display.offsets[related.lists.rows[start] + 1]) - 1,
    }
    spoilt = changed[part].copy()
    spoilt[place[part]] ^= 1
    if part == "display":
        other = replace(bundle, display=replace(bundle.display, encoded=spoilt))
    else:
        arrays = {
            "score": lambda: {"scores": spoilt.view(np.float32)},
            "row": lambda: {"lists": replace(related.lists, rows=spoilt.view(np.int32))},
            "reason": lambda: {"reasons": spoilt},
        }
        other = replace(bundle, related=replace(related, **arrays[part]()))
    answer = quick_answer(model_of(other), request)
    assert answer is not None and answer != ways.answers(request)[2]


def test_what_is_compared_has_everything_in_it(ways: Ways) -> None:
    answer = pb.RecommendPapersResponse.FromString(ways.answers(one(NAMES[20]))[0])
    kinds = {reason.WhichOneof("evidence") for result in answer.results for reason in result.reasons}
    assert kinds >= {"shared_references", "co_citation", "direct_citation", "text_likeness", "shared_readers"}
    assert any("small-world" in reason.text_likeness.shared_terms for r in answer.results for reason in r.reasons)
