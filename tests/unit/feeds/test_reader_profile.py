"""What a history of events says about a reader."""

from itertools import count

from cocite.catalogue.event_records import EventKind
from cocite.catalogue.reader_history import Act
from cocite.feeds.reader_profile import MOST_DISLIKED, MOST_LIKED, MOST_OPENED, SHOWN_ENOUGH, Profile, profile_of

VIEW, CLICK, SAVE, UPVOTE, DISMISS, SUBMIT = EventKind


def history(*acts: tuple[EventKind, str] | tuple[EventKind, str, bool]) -> list[Act]:
    numbers = count(1)
    return [Act(next(numbers), kind, undo, paper) for kind, paper, undo in ((*act, False)[:3] for act in acts)]


def test_nothing_is_known_of_nobody() -> None:
    assert profile_of([]) == Profile()


def test_kept_papers_come_before_opened_ones_the_latest_first() -> None:
    profile = profile_of(history((SAVE, "a"), (CLICK, "b"), (UPVOTE, "c"), (CLICK, "d"), (SUBMIT, "e")))
    assert profile.liked == (("e", SUBMIT), ("c", UPVOTE), ("a", SAVE), ("d", CLICK), ("b", CLICK))
    assert profile.left_out == ("e", "d", "c", "b", "a")


def test_the_strongest_sign_is_the_one_that_is_named() -> None:
    profile = profile_of(history((SAVE, "a"), (CLICK, "a"), (UPVOTE, "a")))
    assert profile.liked == (("a", SAVE),)


def test_of_a_dismissal_and_a_save_the_later_holds() -> None:
    assert profile_of(history((SAVE, "a"), (DISMISS, "a"))).disliked == ("a",)
    assert profile_of(history((SAVE, "a"), (DISMISS, "a"))).liked == ()
    assert profile_of(history((DISMISS, "a"), (SAVE, "a"))).liked == (("a", SAVE),)
    assert profile_of(history((DISMISS, "a"), (SAVE, "a"))).disliked == ()


def test_what_was_taken_back_was_never_done() -> None:
    profile = profile_of(history((SAVE, "a"), (SAVE, "a", True), (DISMISS, "b"), (DISMISS, "b", True)))
    assert profile == Profile()
    assert profile_of(history((CLICK, "a"), (SAVE, "a"), (SAVE, "a", True))).liked == (("a", CLICK),)


def test_a_paper_is_left_out_once_it_was_shown_often_enough() -> None:
    assert profile_of(history(*[(VIEW, "a")] * (SHOWN_ENOUGH - 1))) == Profile()
    assert profile_of(history(*[(VIEW, "a")] * SHOWN_ENOUGH)) == Profile(left_out=("a",))


def test_a_busy_reader_is_cut_to_the_latest() -> None:
    acts = [(SAVE, f"s{n}") for n in range(MOST_LIKED)] + [(CLICK, f"c{n}") for n in range(MOST_OPENED + 5)]
    profile = profile_of(history(*acts, *[(DISMISS, f"d{n}") for n in range(MOST_DISLIKED + 5)]))
    assert len(profile.liked) == MOST_LIKED
    assert profile.liked[0] == (f"s{MOST_LIKED - 1}", SAVE)
    assert len(profile.disliked) == MOST_DISLIKED
    assert profile.disliked[0] == f"d{MOST_DISLIKED + 4}"
    assert len(profile.left_out) == len(acts) + MOST_DISLIKED + 5
    clicks = profile_of(history(*[(CLICK, f"c{n}") for n in range(MOST_OPENED + 5)])).liked
    assert len(clicks) == MOST_OPENED
