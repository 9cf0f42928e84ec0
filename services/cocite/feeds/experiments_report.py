"""What an experiment has shown, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cocite.catalogue.experiments import Experiment, Experiments
from cocite.feeds.experiments_outcomes import CREDITED, Answer, NotCredited, Outcomes, outcomes_of
from cocite.feeds.experiments_resampling import Estimate, ratio_over_readers, sign_test
from cocite.feeds.interleaving import TEAM_A, TEAM_B
from cocite.feeds.secrets import Signer

LEAST_ANSWERS = 100  # that one of the teams won
LEAST_READERS = 30  # with fewer, an interval drawn from them is too narrow
_MOST_DAYS = 90  # of the course
_CLOCKS_APART_MS = 3_600_000  # who starts experiments and who keeps events; tokens tell what belongs to one


@dataclass(frozen=True, slots=True)
class Report:
    """share is B's of the answers that one of the teams won, None without any; ties are told apart.

    readers_a and readers_b count readers with more answers won by A, and by B; sign_test is the two-sided test of
    these. course has share up to and with each day on which an answer was won, as days since 1970.
    """

    experiment: Experiment
    wins_a: int
    wins_b: int
    ties: int
    readers: int
    readers_a: int
    readers_b: int
    share: Estimate | None
    sign_test: float
    course: Sequence[tuple[int, Estimate]]
    credited: int
    not_credited: Mapping[NotCredited, int]

    @property
    def enough(self) -> bool:
        """Whether there are answers and readers enough for the interval to be trusted."""
        return self.wins_a + self.wins_b >= LEAST_ANSWERS and self.readers >= LEAST_READERS

    @property
    def verdict(self) -> str:
        """What it comes to, in one sentence."""
        if not self.enough or self.share is None:
            seen = f"{self.wins_a + self.wins_b:,} answers won, of {self.readers:,} readers"
            return f"too little to tell: {seen}; it takes {LEAST_ANSWERS} of {LEAST_READERS} at least"
        if self.share.low > 0.5:
            return f"readers prefer B, {self.experiment.ranking_b}"
        if self.share.high < 0.5:
            return f"readers prefer A, {self.experiment.ranking_a}"
        return "no preference is to be seen: the interval holds 0.5"

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        plain = asdict(self)
        plain["course"] = [{"day": str(np.datetime64(day, "D")), **asdict(share)} for day, share in self.course]
        plain["not_credited"] = {why.value: count for why, count in self.not_credited.items()}
        return {**plain, "enough": self.enough, "verdict": self.verdict}


def report_on(experiments: Experiments, name: str, signer: Signer) -> Report:
    """The report of an experiment, running or stopped; needs some hundred bytes for each answer acted on.

    Raises NotFound for no such experiment, Unavailable.
    """
    experiment = experiments.get(name)
    events = experiments.token_events(experiment.started_at - _CLOCKS_APART_MS, CREDITED)
    return report_of(experiment, outcomes_of(events, experiment.key, signer))


def report_of(experiment: Experiment, outcomes: Outcomes) -> Report:
    """The report on outcomes."""
    won = _Won.of(outcomes.answers)
    a, b = won.by(TEAM_A), won.by(TEAM_B)
    readers_a, readers_b = int((a > b).sum()), int((b > a).sum())
    return Report(
        experiment=experiment,
        wins_a=int(a.sum()),
        wins_b=int(b.sum()),
        ties=len(outcomes.answers) - won.winners.size,
        readers=a.size,
        readers_a=readers_a,
        readers_b=readers_b,
        share=ratio_over_readers(b, a + b),
        sign_test=sign_test(readers_a, readers_b),
        course=won.course(),
        credited=outcomes.credited,
        not_credited=dict(outcomes.not_credited),
    )


@dataclass(frozen=True, slots=True)
class _Won:
    """Answers that a team won, as arrays (answers,): place of the reader among readers, day, winner."""

    readers: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]
    winners: npt.NDArray[np.int64]

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> "_Won":
        rows = [(answer.reader_key, answer.day, winner) for answer in answers if (winner := answer.winner)]
        keys, days, winners = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        _, readers = np.unique(keys, return_inverse=True)
        return cls(readers, days, winners)

    def by(self, team: int, until: int | None = None) -> npt.NDArray[np.int64]:
        """How many a team won of each reader, up to and with a day."""
        counted = self.winners == team
        if until is not None:
            counted &= self.days <= until
        return np.bincount(self.readers[counted], minlength=int(self.readers.max(initial=-1)) + 1)

    def course(self) -> list[tuple[int, Estimate]]:
        """B's share up to and with each of the last days."""
        shares = []
        for day in np.unique(self.days)[-_MOST_DAYS:].tolist():
            b = self.by(TEAM_B, day)
            won = self.by(TEAM_A, day) + b
            if share := ratio_over_readers(b[won > 0], won[won > 0]):
                shares.append((day, share))
        return shares
