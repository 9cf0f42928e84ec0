"""Every value that an answer may hold has words of its own."""

import pytest

from cocite.cli import words
from cocite.client import types
from cocite.client.answers import enum_name
from cocite.v1 import degradation_pb2
from cocite.v1 import recommender_service_pb2 as pb
from cocite.v1.feed_service_pb2 import FeedReason


def without_words(enum, prefix, known):
    return {enum_name(enum, value, prefix) for value in enum.values() if value} - set(known)


@pytest.mark.parametrize(
    ("enum", "prefix", "known"),
    [
        (degradation_pb2.DegradedCause, "DEGRADED_CAUSE_", words.DEGRADED),
        (pb.UnresolvedCause, "UNRESOLVED_CAUSE_", words.UNRESOLVED),
        (pb.Fallback, "FALLBACK_", words.FALLBACK),
    ],
)
def test_every_value_of_the_enums_has_words(enum, prefix, known):
    assert without_words(enum, prefix, known) == set()
    name = next(iter(known))
    assert without_words(enum, prefix, set(known) - {name}) == {name}


def test_every_kind_of_reason_has_words_and_a_name():
    kinds = {field.name for field in pb.Reason.DESCRIPTOR.oneofs_by_name["evidence"].fields}
    of_feeds = {field.name for field in FeedReason.DESCRIPTOR.oneofs_by_name["because"].fields}
    assert set(words.KINDS.values()) == kinds | of_feeds


def test_a_tie_at_one_remove():
    reason = types.CitedWithReferences("doi:10.1000/1", 3, ("doi:10.1000/2",))
    assert words.reason_in_words(reason) == "cited with references of the seed by 3 papers"
    assert words.as_json(reason)["kind"] == "cited_with_references"


def test_shared_terms_and_readers():
    reason = types.TextLikeness("pmid:1", 0.8312, ("co-citation", "maps", "science", "field"))
    assert words.reason_in_words(reason) == "text alike (0.83, co-citation, maps, science)"
    assert words.reason_in_words(types.TextLikeness("pmid:1", 0.8312)) == "text alike (0.83)"
    assert words.reason_in_words(types.SharedTerms("text:0", ("maps", "science"))) == "words in common: maps, science"
    assert words.reason_in_words(types.SharedReaders("pmid:1", 4)) == "kept by 4 readers of the seed"


def test_contributions_are_named_from_the_greatest_on_and_small_ones_left_out():
    shares = [types.SeedContribution(seed, share) for seed, share in (("a", 0.05), ("library", 0.333), ("b", 0.617))]
    assert words.contributions_in_words(shares, {"a": 1, "b": 2, "library": 3}) == "62 % [2], 33 % [3]"
    assert words.contributions_in_words(shares, {}) == words.contributions_in_words([], {"a": 1}) == ""


def test_counts():
    assert words.counted(1, "paper", "papers") == "1 paper"
    assert words.counted(2000, "paper", "papers") == "2,000 papers"
