"""What a reader's events say about what to show: from the log, and from nothing else."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cocite.catalogue.event_records import EventKind
from cocite.catalogue.reader_history import Act

MOST_LIKED = 300  # papers that a feed is made from
MOST_OPENED = 100  # of these, papers that were only opened: a weaker sign, and the first that numbers drown in
MOST_DISLIKED = 100
SHOWN_ENOUGH = 2  # times that a paper is shown, without being opened, before it is left out
_KEPT = (EventKind.SAVE, EventKind.UPVOTE, EventKind.SUBMIT)  # strongest first; the one a reason names
_ACTS = (*_KEPT, EventKind.CLICK, EventKind.DISMISS)


@dataclass(frozen=True, slots=True)
class Profile:
    """A reader as of an event; each list has the latest first.

    liked are papers and what was done with them, kept ones before opened ones. disliked were dismissed. left_out are
    all papers that are not to be shown: those acted on and those shown often enough.
    """

    liked: tuple[tuple[str, EventKind], ...] = ()
    disliked: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def profile_of(history: Sequence[Act]) -> Profile:
    """The profile that a history makes. Of a dismissal and anything else that was done with a paper the later holds."""
    last: dict[str, dict[EventKind, int]] = {}  # paper -> kind -> sequence of what holds
    views: Counter[str] = Counter()
    seen: dict[str, int] = {}  # paper -> sequence of the last event
    for act in history:
        seen[act.paper_id] = act.sequence
        if act.kind is EventKind.VIEW:
            views[act.paper_id] += 1
        elif act.undo:
            last.get(act.paper_id, {}).pop(act.kind, None)
        else:
            last.setdefault(act.paper_id, {})[act.kind] = act.sequence
    signs = {paper: sign for paper, kinds in last.items() if (sign := _sign(kinds))}
    ordered = sorted(signs, key=lambda paper: -signs[paper][1])
    kept = [(paper, signs[paper][0]) for paper in ordered if signs[paper][0] in _KEPT]
    opened = [(paper, EventKind.CLICK) for paper in ordered if signs[paper][0] is EventKind.CLICK]
    disliked = [paper for paper in ordered if signs[paper][0] is EventKind.DISMISS]
    left_out = {*signs, *(paper for paper, count in views.items() if count >= SHOWN_ENOUGH)}
    return Profile(
        liked=tuple([*kept, *opened[:MOST_OPENED]][:MOST_LIKED]),
        disliked=tuple(disliked[:MOST_DISLIKED]),
        left_out=tuple(sorted(left_out, key=lambda paper: -seen[paper])),
    )


def _sign(kinds: dict[EventKind, int]) -> tuple[EventKind, int] | None:
    """What holds of a paper in one word, and the sequence of its last event; None when all was taken back."""
    dismissed = kinds.get(EventKind.DISMISS, 0)
    holding = [kind for kind in _ACTS if kinds.get(kind, 0) > dismissed]
    if holding:
        return holding[0], max(kinds.values())
    return (EventKind.DISMISS, dismissed) if dismissed else None
