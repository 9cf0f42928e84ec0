"""From events with tokens to who won: each answer that a reader did something with is won by one team, or by none."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from cocite.catalogue.event_records import EventKind
from cocite.catalogue.experiments import TokenEvent
from cocite.core.clock import DAY_MS
from cocite.feeds.experiments_tokens import ShownItem, digest_of_paper, read_shown_token
from cocite.feeds.interleaving import NO_TEAM, TEAM_A, TEAM_B
from cocite.feeds.secrets import Signer

CREDITED = (EventKind.CLICK, EventKind.SAVE, EventKind.UPVOTE)
MOST_ANSWERS = 50  # of a reader, the first: a few who are always there should not decide


class NotCredited(StrEnum):
    """Why an event with a token says nothing about an experiment."""

    FOREIGN = "no token of an interleaved feed, or forged"
    OTHER_EXPERIMENT = "of another experiment"
    OTHER_READER = "shown to another reader"
    OTHER_PAPER = "made for another paper"
    BEFORE = "came before the answer"
    TAKEN_BACK = "taken back"
    NO_TEAM = "of neither team"
    TOO_MANY = f"of a reader's answers after the first {MOST_ANSWERS}"


@dataclass(slots=True)
class Answer:
    """An answer that the reader did something with: the items acted on by rank, with their teams.

    day: that of the first act, in days since 1970.
    """

    reader_key: int
    day: int
    teams: dict[int, int] = field(default_factory=dict)

    @property
    def winner(self) -> int:
        """The team with more items acted on; NO_TEAM for a tie."""
        of = Counter(self.teams.values())
        if of[TEAM_A] == of[TEAM_B]:
            return NO_TEAM
        return TEAM_A if of[TEAM_A] > of[TEAM_B] else TEAM_B


@dataclass(slots=True)
class Outcomes:
    """What the events of an experiment come to; credited and not_credited count events."""

    answers: list[Answer] = field(default_factory=list)
    credited: int = 0
    not_credited: Counter[NotCredited] = field(default_factory=Counter)


def outcomes_of(events: Iterable[TokenEvent], experiment: int, signer: Signer) -> Outcomes:
    """The outcomes of the experiment of that key; events come in the order of the log.

    However often and in whatever ways a reader acts on an item, the item counts once.
    """
    found = Outcomes()
    answers: dict[tuple[int, bytes, int], Answer] = {}
    of_reader: Counter[int] = Counter()
    for event in events:
        shown = read_shown_token(signer, event.token)
        why_not = _why_not(event, shown, experiment)
        if why_not is None and shown is not None:
            if shown.answer not in answers and of_reader[event.reader_key] >= MOST_ANSWERS:
                why_not = NotCredited.TOO_MANY
            else:
                if shown.answer not in answers:
                    answers[shown.answer] = Answer(event.reader_key, event.recorded_at // DAY_MS)
                    of_reader[event.reader_key] += 1
                answers[shown.answer].teams[shown.rank] = shown.team
                found.credited += 1
        if why_not is not None:
            found.not_credited[why_not] += 1
    found.answers = list(answers.values())
    return found


def _why_not(event: TokenEvent, shown: ShownItem | None, experiment: int) -> NotCredited | None:
    if shown is None:
        return NotCredited.FOREIGN
    reasons = (
        (shown.experiment != experiment, NotCredited.OTHER_EXPERIMENT),
        (shown.reader_key != event.reader_key, NotCredited.OTHER_READER),
        (shown.paper != digest_of_paper(event.paper_id), NotCredited.OTHER_PAPER),
        (shown.sequence >= event.sequence, NotCredited.BEFORE),
        (not event.holds, NotCredited.TAKEN_BACK),
        (shown.team == NO_TEAM, NotCredited.NO_TEAM),
    )
    return next((why for holds, why in reasons if holds), None)
