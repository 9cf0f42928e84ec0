import inspect
import math
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cocite
from cocite.client import (
    CitedWithReferences,
    CoCitation,
    DirectCitation,
    Paper,
    Popularity,
    ResolvedReference,
    SeedContribution,
    SharedReaders,
    SharedReferences,
    SharedTerms,
    TextLikeness,
    TextSeed,
    UnresolvedSeed,
)
from cocite.client.requests import recommend_request
from cocite.core import errors
from cocite.v1 import recommender_service_pb2 as pb

SEED = "doi:10.1002/asi.4630240406"


@pytest.fixture
def client(recommender):
    with cocite.Client(recommender.target) as client:
        yield client


def answer_with_everything(request):
    answer = pb.RecommendPapersResponse(
        next_page_token="t2",
        model_version="m1",
        attribution_token="a1",
        fallback=pb.FALLBACK_POPULARITY,
        unresolved_seeds=[
            pb.UnresolvedSeed(id="doi:10.1/x", cause=pb.UNRESOLVED_CAUSE_NOT_IN_MODEL, field="seeds.library_ids[0]")
        ],
        resolved_references=[pb.ResolvedReference(entry="A reference.", paper_id="pmid:5")],
        degraded=[{"cause": "DEGRADED_CAUSE_EMBEDDING_SLOW", "detail": "too late"}],
    )
    result = answer.results.add(score=0.5, rank=1)
    result.paper.paper_id = "arxiv:1706.03762"
    result.paper.year = 2017
    result.paper.has_abstract = True
    result.paper.authors.append("A. Vaswani")
    result.reasons.add(seed=SEED).shared_references.CopyFrom(pb.SharedReferences(count=3, paper_ids=["doi:10.1000/a"]))
    result.reasons.add(seed=SEED).co_citation.CopyFrom(pb.CoCitation(count=4, paper_ids=["doi:10.1000/b"]))
    result.reasons.add(seed=SEED).direct_citation.seed_cites_result = True
    result.reasons.add(seed="text:0").text_likeness.CopyFrom(pb.TextLikeness(cosine=0.25, shared_terms=["a", "b"]))
    result.reasons.add(seed=SEED).shared_readers.count = 7
    result.reasons.add(seed="text:0").shared_terms.terms.append("maps")
    result.contributions.add(seed=SEED, share=0.75)
    result.contributions.add(seed="text:0", share=0.25)
    result.reasons.add().popularity.citation_count = 9
    remote = pb.CitedWithReferences(count=5, paper_ids=["doi:10.1000/c"])
    result.reasons.add(seed=SEED).cited_with_references.CopyFrom(remote)
    result.reasons.add(seed="of a kind from the future")
    answer.results.add(score=0.4, rank=2).paper.paper_id = "pmid:1"
    return answer


def test_an_answer_comes_back_typed_and_whole(recommender, client):
    recommender.servicer.answer = answer_with_everything
    page = client.recommend(SEED)
    first, second = page
    assert first.paper == Paper("arxiv:1706.03762", year=2017, has_abstract=True, authors=("A. Vaswani",))
    assert (first.rank, first.score) == (1, 0.5)
    assert first.reasons == (
        SharedReferences(SEED, 3, ("doi:10.1000/a",)),
        CoCitation(SEED, 4, ("doi:10.1000/b",)),
        DirectCitation(SEED, True),
        TextLikeness("text:0", 0.25, ("a", "b")),
        SharedReaders(SEED, 7),
        SharedTerms("text:0", ("maps",)),
        Popularity(9),
        CitedWithReferences(SEED, 5, ("doi:10.1000/c",)),
    )
    assert first.contributions == (SeedContribution(SEED, 0.75), SeedContribution("text:0", 0.25))
    assert second.contributions == ()
    assert second.paper.year is None
    assert len(page) == 2
    assert (page[0], page[-1], page[:1]) == (first, second, (first,))
    with pytest.raises(IndexError):
        page[2]
    assert (page.next_page_token, page.model_version, page.attribution_token) == ("t2", "m1", "a1")
    assert page.unresolved == (UnresolvedSeed("doi:10.1/x", "not_in_model", "seeds.library_ids[0]"),)
    assert page.references == (ResolvedReference("A reference.", "pmid:5"),)
    assert [(d.cause, d.detail) for d in page.degraded] == [("embedding_slow", "too late")]
    assert page.fallback == "popularity"


def test_an_enum_value_from_the_future_is_its_number(recommender, client):
    recommender.servicer.answer = lambda request: pb.RecommendPapersResponse(fallback=77)
    assert client.recommend(SEED).fallback == "77"


def test_every_argument_reaches_the_server(recommender, client):
    client.recommend(
        [SEED, "arxiv:1706.03762"],
        negative="pmid:1",
        texts=["A title\nAn abstract\nof two lines", TextSeed(abstract="only that")],
        negative_texts="Not this",
        library=["pmid:3", "pmid:4"],
        references="pmid:5",
        reference_text="[1] A reference.",
        min_year=1990,
        max_year=2020,
        venues=["JASIST"],
        fields="Physics",
        has_abstract=False,
        exclude=["pmid:2"],
        recency=0.5,
        diversity=1,
        page_size=7,
        page_token="t",
        view="full",
    )
    request = recommender.servicer.requests[0]
    assert list(request.seeds.positive_ids) == [SEED, "arxiv:1706.03762"]
    assert list(request.seeds.negative_ids) == ["pmid:1"]
    assert [(t.title, t.abstract) for t in request.seeds.texts] == [
        ("A title", "An abstract\nof two lines"),
        ("", "only that"),
    ]
    seeds = request.seeds
    assert [(t.title, t.abstract) for t in seeds.negative_texts] == [("Not this", "")]
    assert (list(seeds.library_ids), list(seeds.reference_ids)) == (["pmid:3", "pmid:4"], ["pmid:5"])
    assert seeds.reference_text == "[1] A reference."
    assert (request.recency, request.diversity, list(request.filter.fields)) == (0.5, 1.0, ["Physics"])
    f = request.filter
    assert (f.min_year, f.max_year, list(f.venues), f.has_abstract) == (1990, 2020, ["JASIST"], False)
    assert f.HasField("has_abstract")
    assert (list(request.exclude_ids), request.page_size, request.page_token) == (["pmid:2"], 7, "t")
    assert request.view == 3


def test_a_filter_left_out_is_not_sent_as_zero(recommender, client):
    client.recommend(SEED)
    f = recommender.servicer.requests[0].filter
    assert not any(f.HasField(name) for name in ("min_year", "max_year", "has_abstract"))


BAD = [
    ({"min_year": math.nan}, "filter.min_year"),
    ({"min_year": math.inf}, "filter.min_year"),
    ({"max_year": "1999"}, "filter.max_year"),
    ({"min_year": True}, "filter.min_year"),
    ({"min_year": 1999.0}, "filter.min_year"),
    ({"min_year": 2**40}, "filter.min_year"),
    ({"min_year": -1}, "filter.min_year"),
    ({"min_year": 2000, "max_year": 1999}, "filter"),
    ({"venues": [3]}, "filter.venues[0]"),
    ({"has_abstract": 1}, "filter.has_abstract"),
    ({"seeds": [SEED, None]}, "seeds.positive_ids[1]"),
    ({"seeds": [""]}, "seeds.positive_ids[0]"),
    ({"seeds": ["x" * 513]}, "seeds.positive_ids[0]"),
    ({"seeds": ["\ud800"]}, "seeds.positive_ids[0]"),
    ({"seeds": [SEED] * 500}, "seeds.positive_ids"),
    ({"seeds": 5}, "seeds.positive_ids"),
    ({"seeds": b"doi"}, "seeds.positive_ids"),
    ({"seeds": ()}, "seeds"),
    ({"negative": [1.5]}, "seeds.negative_ids[0]"),
    ({"texts": [7]}, "seeds.texts[0]"),
    ({"texts": [TextSeed("t", None)]}, "seeds.texts[0].abstract"),
    ({"texts": ["  "]}, "seeds.texts[0]"),
    ({"texts": ["title\n" + "x" * 10_000_000]}, "seeds.texts[0].abstract"),
    ({"negative_texts": [7]}, "seeds.negative_texts[0]"),
    ({"seeds": (), "negative_texts": "only that"}, "seeds"),
    ({"library": [SEED] * 1001}, "seeds.library_ids"),
    ({"references": [None]}, "seeds.reference_ids[0]"),
    ({"reference_text": None}, "seeds.reference_text"),
    ({"reference_text": "x" * 200_001}, "seeds.reference_text"),
    ({"fields": [""]}, "filter.fields[0]"),
    ({"recency": 1.1}, "recency"),
    ({"recency": math.nan}, "recency"),
    ({"recency": True}, "recency"),
    ({"diversity": "0.5"}, "diversity"),
    ({"diversity": 10**400}, "diversity"),
    ({"exclude": [SEED] * 1001}, "exclude_ids"),
    ({"page_size": 301}, "page_size"),
    ({"page_size": -1}, "page_size"),
    ({"page_size": 2.5}, "page_size"),
    ({"page_token": 4}, "page_token"),
    ({"page_token": "t" * 513}, "page_token"),
    ({"view": "everything"}, "view"),
    ({"view": None}, "view"),
]


@pytest.mark.parametrize(("arguments", "field"), BAD, ids=lambda value: f"{value!r:.40}")
def test_bad_arguments_name_their_field_and_send_nothing(recommender, client, arguments, field):
    with pytest.raises(errors.InvalidArgument) as caught:
        client.recommend(**{"seeds": [SEED], **arguments})
    assert caught.value.field == field
    assert recommender.servicer.requests == []


def test_the_same_arguments_put_right_are_sent(recommender, client):
    client.recommend([SEED], min_year=1999, max_year=1999, has_abstract=True, page_size=300)
    assert len(recommender.servicer.requests) == 1


@given(st.one_of(st.none(), st.integers(), st.floats(), st.booleans(), st.text(), st.binary()))
def test_any_year_is_either_sent_as_it_is_or_refused_by_name(year):
    try:
        request = recommend_request([SEED], min_year=year)
    except errors.InvalidArgument as error:
        assert error.field == "filter.min_year"
    else:
        assert year is None or request.filter.min_year == year


def test_no_filter_is_sent_where_none_is_given():
    assert not recommend_request([SEED]).HasField("filter")  # an empty one would miss the quick way (one_paper.py)
    assert recommend_request([SEED], has_abstract=False).HasField("filter")


@pytest.mark.parametrize("method", ["recommend", "recommend_all"])
def test_an_unknown_argument_is_a_type_error_that_names_the_method(client, method):
    with pytest.raises(TypeError, match=rf"Client\.{method}\(\) got an unexpected keyword argument 'min_yaer'"):
        getattr(client, method)(SEED, min_yaer=1990)


def test_the_signature_shows_every_argument_with_its_type():
    one, every = (inspect.signature(method).parameters for method in (cocite.Client.recommend, recommend_request))
    assert [name for name in one if name not in ("self", "timeout_s")] == list(every)
    assert inspect.signature(cocite.Client.recommend_all).parameters == one
    assert all(p.annotation is not p.empty for name, p in one.items() if name != "self")


def paged(total, size):
    def answer(request):
        start = int(request.page_token or 0)
        page = pb.RecommendPapersResponse(next_page_token=str(start + size) if start + size < total else "")
        for rank in range(start + 1, min(start + size, total) + 1):
            page.results.add(rank=rank).paper.paper_id = f"pmid:{rank}"
        return page

    return answer


def test_recommend_all_walks_every_page_once(recommender, client):
    recommender.servicer.answer = paged(total=25, size=10)
    assert [r.rank for r in client.recommend_all(SEED, page_size=10)] == list(range(1, 26))
    assert [r.page_token for r in recommender.servicer.requests] == ["", "10", "20"]


def test_recommend_all_fetches_no_further_than_it_is_read(recommender, client):
    recommender.servicer.answer = paged(total=25, size=10)
    assert next(client.recommend_all(SEED)).rank == 1
    assert len(recommender.servicer.requests) == 1


def test_recommend_all_ends_when_the_pages_go_in_a_circle(recommender, client):
    def circle(request):
        page = pb.RecommendPapersResponse(next_page_token="again")
        page.results.add(rank=1)
        return page

    recommender.servicer.answer = circle
    with pytest.raises(errors.CorruptData):
        list(client.recommend_all(SEED))
    assert len(recommender.servicer.requests) == 2


def test_resolve_says_how_each_id_fared(recommender, client):
    def answer(request):
        found = pb.ResolvedPaper(query=request.queries[0], status=pb.RESOLVE_STATUS_FOUND, in_model=True)
        found.paper.paper_id = SEED
        return pb.ResolvePapersResponse(
            results=[found, pb.ResolvedPaper(query=request.queries[1], status=pb.RESOLVE_STATUS_MALFORMED)],
            model_version="m1",
        )

    recommender.servicer.answer = answer
    resolution = client.resolve(["10.1002/ASI.4630240406", "nonsense"])
    assert resolution.model_version == "m1"
    first, second = resolution.results
    assert (first.status, first.paper.paper_id, first.in_model) == ("found", SEED, True)
    assert (second.query, second.status, second.paper) == ("nonsense", "malformed", None)
    with pytest.raises(errors.InvalidArgument) as caught:
        client.resolve([])
    assert caught.value.field == "queries"


def test_resolve_asks_for_many_ids_a_hundred_at_a_time(recommender, client):
    def answer(request):
        answer = pb.ResolvePapersResponse(degraded=[{"cause": "DEGRADED_CAUSE_FEATURES_UNAVAILABLE"}])
        for query in request.queries:
            answer.results.add(query=query, status=pb.RESOLVE_STATUS_UNKNOWN)
        return answer

    recommender.servicer.answer = answer
    ids = [f"pmid:{i}" for i in range(250)]
    answer = client.resolve(ids)
    assert [result.query for result in answer.results] == ids
    assert [d.cause for d in answer.degraded] == ["features_unavailable"]  # told once
    assert [len(request.queries) for request in recommender.servicer.requests] == [100, 100, 50]
    with pytest.raises(errors.InvalidArgument):
        client.resolve([*ids, ""])
    assert len(recommender.servicer.requests) == 3


def test_model_describes_what_serves(recommender, client):
    def answer(request):
        described = pb.GetModelResponse(model_version="m1", paper_count=3, metrics={"fused.recall@20": 0.5})
        described.create_time.FromDatetime(datetime(2024, 5, 6, tzinfo=UTC))
        described.refused.add(model_version="m2", detail="torn")
        return described

    recommender.servicer.answer = answer
    model = client.model()
    assert (model.model_version, model.paper_count, model.metrics) == ("m1", 3, {"fused.recall@20": 0.5})
    assert model.create_time == datetime(2024, 5, 6, tzinfo=UTC)
    assert [(r.model_version, r.detail) for r in model.refused] == [("m2", "torn")]


def test_errors_of_the_server_arrive_as_they_were_raised(recommender, client):
    def refuse(request):
        raise errors.InvalidId("'x' is not a paper id", hint="write it so", field="seeds.positive_ids[0]")

    recommender.servicer.answer = refuse
    with pytest.raises(errors.InvalidArgument) as caught:
        client.recommend("x")
    assert (caught.value.field, str(caught.value)) == ("seeds.positive_ids[0]", "'x' is not a paper id; write it so")
    assert len(recommender.servicer.requests) == 1


def failing(times, error):
    left = [error] * times

    def answer(request):
        if left:
            raise left.pop()
        return pb.RecommendPapersResponse(model_version="m1")

    return answer


def test_a_server_that_fails_twice_is_asked_three_times(recommender, client):
    recommender.servicer.answer = failing(2, errors.Unavailable("not now"))
    assert client.recommend(SEED).model_version == "m1"
    assert len(recommender.servicer.requests) == 3


def test_only_unavailability_is_retried(recommender, client):
    recommender.servicer.answer = failing(1, errors.NotReady("no model is published", hint="run `cocite train`"))
    with pytest.raises(errors.NotReady, match="cocite train"):
        client.recommend(SEED)
    assert len(recommender.servicer.requests) == 1


def test_retries_end_when_their_budget_is_spent(recommender):
    def never(request):
        raise errors.Unavailable("not now")

    recommender.servicer.answer = never
    attempts = []
    with cocite.Client(recommender.target) as client:
        for _ in range(12):
            before = len(recommender.servicer.requests)
            with pytest.raises(errors.Unavailable, match="not now"):
                client.recommend(SEED)
            attempts.append(len(recommender.servicer.requests) - before)
    assert attempts[0] == 4  # the policy's most
    assert attempts[-5:] == [1] * 5  # the budget is spent: asked once, not again


def test_every_call_carries_the_deadline(recommender):
    with cocite.Client(recommender.target, timeout_s=2.0) as client:
        client.recommend(SEED)
        recommender.servicer.answer = lambda request: pb.ResolvePapersResponse()
        client.resolve(SEED)
        recommender.servicer.answer = lambda request: pb.GetModelResponse()
        client.model()
    assert len(recommender.servicer.time_left) == 3
    assert all(0 < left < 2.5 for left in recommender.servicer.time_left)  # the wire rounds it


def test_a_call_may_have_a_deadline_of_its_own(recommender, client):
    client.recommend(SEED, timeout_s=60)
    list(client.recommend_all(SEED, timeout_s=60))
    recommender.servicer.answer = lambda request: pb.ResolvePapersResponse()
    client.resolve(SEED, timeout_s=60)
    recommender.servicer.answer = lambda request: pb.GetModelResponse()
    client.model(timeout_s=60)
    assert [30 < left < 61 for left in recommender.servicer.time_left] == [True] * 4
    with pytest.raises(errors.InvalidArgument, match="timeout_s"):
        client.recommend(SEED, timeout_s=0)


def test_a_server_that_does_not_answer_in_time(recommender):
    release = threading.Event()

    def hang(request):
        release.wait(30)
        return pb.RecommendPapersResponse()

    recommender.servicer.answer = hang
    with cocite.Client(recommender.target, timeout_s=0.2) as client, pytest.raises(errors.DeadlineExceeded) as caught:
        client.recommend(SEED)
    release.set()
    assert f"no answer from {recommender.target} within 0.2 s" in str(caught.value)


def test_a_server_that_is_not_ready_is_not_taken_for_one_that_is_not_there(recommender):
    recommender.server.set_ready(False)
    with cocite.Client(recommender.target) as client, pytest.raises(errors.Unavailable) as caught:
        client.recommend(SEED)
    assert f"what listens at {recommender.target} is not ready" in str(caught.value)
    assert not recommender.servicer.requests


def test_nothing_listening_is_said_with_the_address(recommender):
    recommender.server.stop(lame_duck_s=0)
    with cocite.Client(recommender.target) as client, pytest.raises(errors.Unavailable) as caught:
        client.recommend(SEED)
    assert f"nothing answers at {recommender.target}; start" in str(caught.value)
    assert "COCITE_RECOMMENDER_TARGET" in str(caught.value)


def test_a_closed_client_says_so(recommender, client):
    client.recommend(SEED)
    client.close()
    with pytest.raises(cocite.NotReady, match="the client is closed"):
        client.recommend(SEED)
    client.close()  # twice is once


def test_another_value_error_is_no_closed_client(client):
    with pytest.raises(ValueError, match="not of ours"):
        client.call(lambda request, timeout: (_ for _ in ()).throw(ValueError("not of ours")), None)


def test_the_wrong_port_is_recognised(recommender):
    with cocite.FeatureClient(recommender.target) as client, pytest.raises(errors.InvalidArgument) as caught:
        client.papers(SEED)
    assert "is another service" in str(caught.value)


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf, "5", None, True])
def test_a_timeout_that_is_none_is_refused(seconds):
    with pytest.raises(errors.InvalidArgument) as caught:
        cocite.Client("127.0.0.1:1", timeout_s=seconds)
    assert caught.value.field == "timeout_s"


def test_the_target_comes_from_the_setting(monkeypatch):
    monkeypatch.setenv("COCITE_RECOMMENDER_TARGET", "recommender.example:7")
    with cocite.Client() as client:
        assert client.target == "recommender.example:7"
    with pytest.raises(errors.InvalidArgument, match="address"):
        cocite.Client(" ")


def test_importing_cocite_is_light():
    def loaded(code):
        script = f"import sys; {code}; print('grpc' in sys.modules, 'numpy' in sys.modules)"
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()

    assert loaded("import cocite") == ["False", "False"]
    assert loaded("import cocite; cocite.CociteError; cocite.errors") == ["False", "False"]
    assert loaded("import cocite; cocite.Client") == ["True", "True"]  # the probe sees what is loaded
    with pytest.raises(AttributeError):
        cocite.Nothing  # noqa: B018  the access is the test


def test_every_public_name_is_there_and_listed():
    assert set(cocite.__all__) <= set(dir(cocite))
    assert all(getattr(cocite, name) is not None for name in cocite.__all__)


def test_every_error_can_be_caught_by_its_public_name():
    family = [value for value in vars(errors).values() if inspect.isclass(value)]
    assert len(family) > 5
    assert all(getattr(cocite, kind.__name__) is kind and issubclass(kind, cocite.CociteError) for kind in family)
