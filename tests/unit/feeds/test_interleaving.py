import random

from hypothesis import given
from hypothesis import strategies as st

from cocite.feeds.interleaving import NO_TEAM, TEAM_A, TEAM_B, team_draft

RANKING = st.lists(st.sampled_from("abcdefghijklmnop"), unique=True)


@given(RANKING, RANKING, st.integers(0, 20), st.integers())
def test_each_item_comes_once_and_teams_keep_their_order(a: list[str], b: list[str], size: int, seed: int):
    drafted = team_draft(a, b, size, random.Random(seed))
    items = [item for item, _ in drafted]
    assert len(items) == len(set(items)) == min(size, len({*a, *b}))
    assert drafted == team_draft(a, b, size, random.Random(seed))
    for team, ranking in ((TEAM_A, a), (TEAM_B, b)):
        places = [ranking.index(item) for item, of in drafted if of == team]
        assert places == sorted(places)


@given(RANKING, RANKING, st.integers())
def test_teams_are_even_after_each_pair_and_nobody_merits_what_is_left_over(a: list[str], b: list[str], seed: int):
    teams = [team for _, team in team_draft(a, b, 100, random.Random(seed))]
    picked = teams[: teams.index(NO_TEAM)] if NO_TEAM in teams else teams
    assert set(teams[len(picked) :]) <= {NO_TEAM}
    assert all({*picked[place : place + 2]} == {TEAM_A, TEAM_B} for place in range(0, len(picked) - 1, 2))


@given(RANKING.filter(len), st.integers())
def test_each_pick_is_the_best_that_the_team_has_left(a: list[str], seed: int):
    b = a[::-1]
    shown: list[str] = []
    for item, team in team_draft(a, b, 100, random.Random(seed)):
        if team != NO_TEAM:
            assert item == next(each for each in (a if team == TEAM_A else b) if each not in shown)
        shown.append(item)


def test_who_picks_first_is_chance():
    firsts = [team_draft("abc", "abc", 3, random.Random(seed))[0][1] for seed in range(2000)]
    assert 850 < firsts.count(TEAM_A) < 1150  # within 6.7 standard deviations
