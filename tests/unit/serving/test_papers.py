from dataclasses import replace
from datetime import date

import pytest

from cocite.core.paper import Paper
from cocite.serving.papers import in_view, paper_from_proto, paper_to_proto
from cocite.v1 import paper_pb2
from support.feature_stores import SMALL

PAPER = replace(SMALL, listed_on=date(1973, 7, 1))


def test_the_full_view_carries_every_field_both_ways() -> None:
    assert paper_from_proto(paper_to_proto(PAPER, paper_pb2.PAPER_VIEW_FULL)) == PAPER


def test_an_unknown_year_stays_unknown_and_year_zero_stays_zero() -> None:
    unknown = Paper("local:a")
    zero = Paper("local:a", year=0)
    assert paper_from_proto(paper_to_proto(unknown)).year is None
    assert paper_from_proto(paper_to_proto(zero)).year == 0


@pytest.mark.parametrize("told", ["", "2026-02-30", "yesterday"])
def test_what_is_no_day_is_none(told: str) -> None:
    assert paper_from_proto(paper_pb2.Paper(listed_on=told)).listed_on is None


@pytest.mark.parametrize("view", [paper_pb2.PAPER_VIEW_UNSPECIFIED, paper_pb2.PAPER_VIEW_BASIC])
def test_the_basic_view_leaves_abstract_aliases_and_keywords_out_but_says_there_is_an_abstract(
    view: paper_pb2.PaperView,
) -> None:
    message = paper_to_proto(PAPER, view)
    assert message.has_abstract
    assert (message.title, message.year, list(message.authors)) == (PAPER.title, 1973, ["Henry Small"])
    assert not message.abstract and not message.aliases and not message.keywords


def test_the_id_view_is_the_id_alone() -> None:
    message = paper_to_proto(PAPER, paper_pb2.PAPER_VIEW_ID)
    assert message == paper_pb2.Paper(paper_id=PAPER.paper_id)


@pytest.mark.parametrize("view", paper_pb2.PaperView.values())
def test_a_full_message_cut_to_a_view_is_the_message_made_in_that_view(view: paper_pb2.PaperView) -> None:
    full = paper_to_proto(PAPER, paper_pb2.PAPER_VIEW_FULL)
    assert in_view(full, view) == paper_to_proto(PAPER, view)
