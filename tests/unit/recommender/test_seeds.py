import pytest

from cocite.v1 import recommender_service_pb2 as pb
from support.recommender import House
from support.recommender_calls import MERGED, SEED, ask, ids


@pytest.mark.parametrize(
    "spelling", ["https://doi.org/10.1000/20", "10.1000/20", "DOI:10.1000/20", "arxiv:2001.00020v2"]
)
def test_any_spelling_and_alias_is_the_same_seed(house: House, spelling: str) -> None:
    plain = house.stub.RecommendPapers(ask(SEED), timeout=10)
    response = house.stub.RecommendPapers(ask(spelling, SEED), timeout=10)
    assert ids(response) == ids(plain)
    assert {reason.seed for result in response.results for reason in result.reasons} == {SEED}


def test_an_exclusion_by_an_alias_newer_than_the_model(house: House) -> None:
    assert {"doi:10.1000/5", "doi:10.1000/7"} <= set(
        ids(house.stub.RecommendPapers(ask(SEED, page_size=50), timeout=10))
    )
    house.features.requests.clear()
    response = house.stub.RecommendPapers(ask(SEED, "pmid:77", exclude_ids=["pmid:5"], page_size=50), timeout=10)
    assert not {"doi:10.1000/5", "doi:10.1000/7"} & set(ids(response))
    assert list(house.features.requests[0].paper_ids) == ["pmid:77", "pmid:5"], "one call for all that is unknown"
    assert not response.unresolved_seeds


def test_a_thousand_exclusions_the_model_does_not_know(house: House) -> None:
    many = [f"10.1000/none-{i}" for i in range(999)]
    request = ask(*[f"10.1000/lost-{i}" for i in range(99)], SEED, exclude_ids=[*many, "pmid:5"], page_size=50)
    response = house.stub.RecommendPapers(request, timeout=10)
    assert "doi:10.1000/5" not in ids(response) and response.results
    assert not response.degraded and len(response.unresolved_seeds) == 99


def test_all_rows_of_a_seed_joined_since_the_training_stay_out(house: House) -> None:
    for request in (ask(MERGED, page_size=50), ask(SEED, negative_ids=[MERGED], page_size=50)):
        response = house.stub.RecommendPapers(request, timeout=10)
        assert response.results and not {"doi:10.1000/5", "doi:10.1000/7"} & set(ids(response))


def test_a_paper_newer_than_the_model_goes_by_its_text(house: House) -> None:
    response = house.stub.RecommendPapers(ask("pmid:77", page_size=5), timeout=10)
    assert not response.unresolved_seeds and not response.fallback
    assert {reason.seed for result in response.results for reason in result.reasons} == {"doi:10.1000/new"}
    assert all(int(name.rpartition("/")[2]) % 2 for name in ids(response))


def test_an_id_that_became_an_alias_finds_the_row_by_another(house: House) -> None:
    response = house.stub.RecommendPapers(ask("doi:10.1000/merged"), timeout=10)
    assert "doi:10.1000/5" not in ids(response)
    assert {reason.seed for result in response.results for reason in result.reasons} == {"doi:10.1000/5"}


def test_what_is_unresolved_is_listed_with_its_cause(house: House) -> None:
    request = ask(SEED, "10.1000/nowhere", "DOI:10.1000/nowhere", "10.1000/bare", negative_ids=["10.1000/lost"])
    response = house.stub.RecommendPapers(request, timeout=10)
    assert [(each.id, each.cause) for each in response.unresolved_seeds] == [
        ("10.1000/nowhere", pb.UNRESOLVED_CAUSE_UNKNOWN),
        ("10.1000/bare", pb.UNRESOLVED_CAUSE_NOT_IN_MODEL),
        ("10.1000/lost", pb.UNRESOLVED_CAUSE_UNKNOWN),
    ]
    assert not response.fallback


def test_no_usable_seed_falls_back_to_popularity_and_says_so(house: House) -> None:
    response = house.stub.RecommendPapers(ask("10.1000/nowhere"), timeout=10)
    assert response.fallback == pb.FALLBACK_POPULARITY
    assert len(response.unresolved_seeds) == 1
    counts = [result.reasons[0].popularity.citation_count for result in response.results]
    assert counts and counts == sorted(counts, reverse=True) and counts[0] > 0
    assert all(not result.reasons[0].seed for result in response.results)


def test_a_hundred_seeds_is_fine(house: House) -> None:
    response = house.stub.RecommendPapers(ask(*[f"10.1000/{i}" for i in range(100)]), timeout=10)
    assert len(response.unresolved_seeds) == 76
    assert not response.results, "all 24 papers are seeds"
