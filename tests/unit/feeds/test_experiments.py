"""Experiments judged by a simulated crowd: real events, real tokens, a real catalogue."""

import base64
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from cocite.catalogue.events import EventKind
from cocite.catalogue.experiments import Experiment, Experiments
from cocite.catalogue.schema import experiments as experiments_table
from cocite.catalogue.store import Catalogue
from cocite.feeds.experiments_outcomes import Answer, NotCredited, Outcomes
from cocite.feeds.experiments_picture import report_as_svg
from cocite.feeds.experiments_report import LEAST_READERS, report_of
from cocite.feeds.experiments_resampling import ratio_over_readers, sign_test
from cocite.feeds.experiments_tokens import SHOWN
from cocite.feeds.interleaving import NO_TEAM, TEAM_A, TEAM_B
from cocite.feeds.secrets import Signer
from cocite.recommender.attribution import attribution_token
from support import feed_crowd
from support.feed_crowd import PAPERS, Crowd

ANSWERS = 5  # of each reader
LIKED = frozenset(PAPERS[:8])


def likes(paper: str) -> float:
    return 0.6 if paper in LIKED else 0.05


def indifferent(paper: str) -> float:
    return 0.3


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    with Catalogue.open(f"sqlite:///{tmp_path / 'catalogue.db'}") as catalogue:
        yield from feed_crowd.crowd(catalogue)


def test_a_crowd_that_prefers_b_makes_b_win(crowd: Crowd):
    for number in range(40):
        crowd.read(f"r{number}", likes, ANSWERS)
    report = crowd.report()
    assert report.enough
    assert report.share is not None
    assert report.share.low > 0.5
    assert report.verdict == "readers prefer B, newer"
    assert report.readers_b > report.readers_a
    assert report.sign_test < 0.01
    assert report.course[-1][1].value == report.share.value
    assert report.credited == crowd.sent - report.not_credited.get(NotCredited.NO_TEAM, 0)
    assert set(report.not_credited) <= {NotCredited.NO_TEAM}


def test_a_crowd_without_preference_leaves_it_open(crowd: Crowd):
    for number in range(40):
        crowd.read(f"r{number}", indifferent, ANSWERS)
    report = crowd.report()
    assert report.enough
    assert report.share is not None
    assert report.share.low < 0.5 < report.share.high
    assert report.verdict.startswith("no preference")
    assert report.sign_test > 0.05


def test_forged_tokens_do_not_count(crowd: Crowd):
    """The crowd that prefers B, but with tokens that another house signed, that were changed, or that are opaque."""
    forgers = [
        lambda token: base64.urlsafe_b64encode(base64.urlsafe_b64decode(token + "==")[:-1] + b"x").decode().rstrip("="),
        lambda token: Signer(b"the secret of somebody else").sign(SHOWN, b"12345678", 1, 1, TEAM_B, 1, 0, b"abcd"),
        lambda token: attribution_token(b"request", "m", token.encode()),
        lambda token: crowd.signer.sign("feed page", b"12345678", 1, 1, TEAM_B, 1, 0, b"abcd"),
        lambda token: crowd.signer.sign(SHOWN, b"12345678", 1, 0, 0),  # a feed outside of experiments
    ]
    for number in range(40):
        crowd.read(f"r{number}", likes, ANSWERS, forgers[number % len(forgers)])
    report = crowd.report()
    assert crowd.sent > 100
    assert (report.credited, report.readers, report.share) == (0, 0, None)
    assert report.not_credited == {NotCredited.FOREIGN: crowd.sent}
    assert report.verdict.startswith("too little to tell")


def test_a_token_counts_for_its_reader_its_paper_and_what_came_after(crowd: Crowd):
    ranked = crowd.shown("ann", PAPERS[:10], PAPERS[10:20])
    papers = [item.paper.paper_id for item in ranked.answer.items]
    crowd.act("ann", papers[0], crowd.token(ranked, 1))
    crowd.act("ben", papers[1], crowd.token(ranked, 2))
    crowd.act("ann", papers[3], crowd.token(ranked, 3))
    crowd.act("ann", papers[4], crowd.token(ranked, 5), EventKind.SAVE)
    crowd.act("ann", papers[4], "", EventKind.SAVE, undo=True)
    early = crowd.shown("ann", PAPERS[20:30], PAPERS[30:40])
    early.answer.items[0].paper.paper_id = papers[5]
    later = type(early)(early.answer, early.reader_key, early.sequence + 100, early.list_id, early.draft)
    crowd.act("ann", papers[5], crowd.token(later, 1))
    crowd.act("ann", papers[6], crowd.token(ranked, 7), EventKind.VIEW)
    report = crowd.report()
    assert report.credited == 1
    assert report.wins_a + report.wins_b == 1
    assert report.not_credited == {
        NotCredited.OTHER_READER: 1,
        NotCredited.OTHER_PAPER: 1,
        NotCredited.TAKEN_BACK: 1,
        NotCredited.BEFORE: 1,
    }


def test_another_experiments_tokens_do_not_count(crowd: Crowd):
    crowd.read("ann", likes, ANSWERS)
    assert crowd.report().credited == crowd.sent > 0
    experiments = Experiments(crowd.catalogue)
    experiments.stop("trial")
    crowd.experiment = experiments.start("next", "newer", "default")
    # recorded in the same millisecond or not, they are of the other one
    assert crowd.report().credited == 0


def test_clocks_that_disagree_take_nothing_away(crowd: Crowd):
    crowd.read("ann", likes, ANSWERS)
    ahead = sa.update(experiments_table).values(started_at=experiments_table.c.started_at + 600_000)
    with crowd.catalogue.writing() as connection:
        connection.execute(ahead)
    report = crowd.report()
    assert report.credited + report.not_credited.get(NotCredited.NO_TEAM, 0) == crowd.sent > 0


def test_an_answer_has_one_outcome_however_much_is_done_with_it(crowd: Crowd):
    ranked = crowd.shown("ann", PAPERS[:10], PAPERS[10:20])
    of_b = [rank for rank, team in enumerate(ranked.draft.teams, start=1) if team == TEAM_B]
    of_a = [rank for rank, team in enumerate(ranked.draft.teams, start=1) if team == TEAM_A]
    for rank in (*of_b[:2], of_a[0]):
        for kind in (EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE):
            crowd.act("ann", ranked.answer.items[rank - 1].paper.paper_id, crowd.token(ranked, rank), kind)
    report = crowd.report()
    assert (report.wins_a, report.wins_b, report.ties, report.credited) == (0, 1, 0, 9)
    crowd.act("ann", ranked.answer.items[of_a[1] - 1].paper.paper_id, crowd.token(ranked, of_a[1]))
    report = crowd.report()
    assert (report.wins_a, report.wins_b, report.ties) == (0, 0, 1)


def test_a_reader_who_is_always_there_counts_no_more_than_fifty_answers(crowd: Crowd):
    for number in range(60):
        ranked = crowd.shown("ann", PAPERS[number % 5 : 10], PAPERS[20:30])
        crowd.act("ann", ranked.answer.items[0].paper.paper_id, crowd.token(ranked, 1))
    report = crowd.report()
    assert report.wins_a + report.wins_b == 50
    assert report.not_credited == {NotCredited.TOO_MANY: 10}


def test_the_same_reader_and_rankings_always_make_the_same_answer(crowd: Crowd):
    first = crowd.shown("ann", PAPERS[:20], PAPERS[10:30])
    assert crowd.shown("ann", PAPERS[:20], PAPERS[10:30]) == first
    drafts = {crowd.shown(f"r{number}", PAPERS[:20], PAPERS[10:30]).draft.teams for number in range(20)}
    assert len(drafts) > 10


def _report(wins: list[tuple[int, int]]):
    answers = []
    for reader, (a, b) in enumerate(wins):
        days = count(20_000)
        answers += [Answer(reader, next(days), {1: TEAM_A}) for _ in range(a)]
        answers += [Answer(reader, next(days), {1: TEAM_B}) for _ in range(b)]
    experiment = Experiment(1, "<trial>", "default", "newer", 0, None)
    return report_of(experiment, Outcomes(answers, len(answers)))


def test_answers_of_few_readers_are_too_few_however_many():
    assert _report([(0, 20)] * (LEAST_READERS - 1)).verdict.startswith("too little")
    assert _report([(0, 20)] * LEAST_READERS).verdict.startswith("readers prefer B")
    assert _report([(1, 0)] * LEAST_READERS).verdict.startswith("too little")
    assert _report([(4, 0)] * LEAST_READERS).verdict == "readers prefer A, default"


def test_readers_are_drawn_and_not_their_answers():
    """Forty readers of whom each is all for A or all for B are forty observations, not four hundred."""
    split = _report([(10, 0)] * 17 + [(0, 10)] * 23).share
    independent = _report([(1, 0)] * 170 + [(0, 1)] * 230).share
    assert split is not None
    assert independent is not None
    assert split.value == independent.value == 0.575
    assert split.low < 0.5 < independent.low
    assert split.high - split.low > 2 * (independent.high - independent.low)


def test_the_interval_of_a_ratio_is_what_theory_says():
    estimate = ratio_over_readers([0] * 5000 + [1] * 5000, [1] * 10_000)
    assert estimate is not None
    assert estimate.value == 0.5
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * 0.005, rel=0.1)
    assert ratio_over_readers([], []) is None


@pytest.mark.parametrize(
    ("more", "less", "chance"),
    [(0, 0, 1.0), (5, 5, 1.0), (10, 0, 2 / 1024), (8, 2, 2 * 56 / 1024), (600, 400, 2.73e-10)],
)
def test_the_sign_test_is_the_binomial_one(more: int, less: int, chance: float):
    assert sign_test(more, less) == pytest.approx(chance, rel=1e-3)
    assert sign_test(less, more) == pytest.approx(chance, rel=1e-3)


def test_a_tie_is_of_neither_team():
    assert Answer(1, 0, {1: TEAM_A, 2: TEAM_B}).winner == NO_TEAM
    assert Answer(1, 0, {1: TEAM_A, 2: TEAM_B, 5: TEAM_B}).winner == TEAM_B


@pytest.mark.parametrize("wins", [[], [(3, 5)] * 40])
def test_the_picture_is_svg_with_a_point_a_day(wins: list[tuple[int, int]]):
    report = _report(wins)
    root = ElementTree.fromstring(report_as_svg(report))
    assert len(root.findall(".//{*}circle")) == len(report.course)
    assert any("<trial>" in (text.text or "") for text in root.findall(".//{*}text"))
