"""One fault under load: calls before it, during it and after it, and which of them failed or were wrong."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, pairwise
from types import TracebackType
from typing import Self

import numpy as np

from chaos.harness.load import DEADLINE_S, Call, Callers, OpenLoad
from chaos.harness.questions import Questions, Told, told
from chaos.harness.reference import Judge, Right
from chaos.harness.stage import Stage

WARM_S, CAPACITY_S = 1.0, 2.0
LOAD_SHARE = 0.5  # of what the stage can answer
MARGIN_S = 60.0  # by which a busy machine may take longer than meant
SLACK = 1.2  # of a deadline: what it takes a caller to notice that it is over
Phases = list[tuple[float, str]]


@dataclass
class Part:
    """Calls of one phase, or of some kinds of question in it, judged."""

    seconds: float
    calls: list[Call] = field(default_factory=list)
    answers: dict[int, Told] = field(default_factory=dict)  # by id() of a call that was answered
    right: Right = field(default_factory=dict)

    def of(self, *kinds: str) -> "Part":
        """Those of the calls that asked such questions."""
        return Part(self.seconds, [c for c in self.calls if c.question.kind in kinds], self.answers, self.right)

    @property
    def failed(self) -> int:
        return sum(call.failed for call in self.calls)

    @property
    def failures(self) -> Counter[str]:
        """How often each status came, OK left aside."""
        return Counter(call.status for call in self.calls if call.failed)

    @property
    def degraded(self) -> int:
        return sum(bool(answer.degraded) for answer in self.answered())

    @property
    def wrong(self) -> int:
        """Answers that differ from the right one and do not say that they lack anything, or name another model."""
        return len(self.wrong_calls())

    def wrong_calls(self) -> list[Call]:
        return [call for call in self.calls if not call.failed and self._is_wrong(call)]

    def _is_wrong(self, call: Call) -> bool:
        answer = self.answers[id(call)]
        right = self.right.get((call.question, answer.model))
        if right is None:  # nobody knows, see Judge
            return False
        if answer.degraded:  # says that it lacks something; one that nobody ranked names no model
            return bool(answer.model) and answer.model != right.model
        return answer.model != right.model or not answer.same_as(right)

    @property
    def late(self) -> int:
        """Calls that ended later than their deadline allows."""
        return sum(call.latency_s > SLACK * DEADLINE_S for call in self.calls)

    def percentile_s(self, percent: float) -> float:
        """Latency within which so many of a hundred calls ended, failed ones included."""
        return float(np.percentile([call.latency_s for call in self.calls], percent)) if self.calls else 0.0

    @property
    def p99_s(self) -> float:
        return self.percentile_s(99)

    def answered(self) -> Iterable[Told]:
        """What was answered."""
        return (self.answers[id(call)] for call in self.calls if not call.failed)


class Trial:
    """Load at half of what a stage can answer, from entering the block to end().

        with Trial(stage, reference) as trial:
            trial.phase("baseline", 6)
            stage.valkey.kill()
            trial.phase("fault", 6)
            parts = trial.end()

    A phase lasts from when it is named to the next one. For retries and hedges see Callers. rate (or share, of what the
    stage can answer) replaces that of the harness; most_s is the longest that it all takes.
    """

    def __init__(
        self,
        stage: Stage,
        reference: Judge,
        *,
        retries: bool = False,
        hedges: bool = True,
        seed: int = 0,
        mix: dict[str, int] | None = None,
        rate: float | None = None,
        share: float = LOAD_SHARE,
        most_s: float = 60.0,
    ) -> None:
        self._reference = reference
        self._callers = Callers(stage.targets, retries, hedges)
        questions = Questions(stage.home, seed, mix)
        warm = self._callers.ask(questions.again())  # what caches can hold, they hold
        failures = Counter(f"{call.status}: {call.details}" for call in warm if call.failed)
        print(f"\nwarm-up: {len(warm)} calls", dict(failures.most_common(3)))
        self.capacity = self._callers.capacity(iter(questions), CAPACITY_S) if rate is None else rate / share
        self.rate = share * self.capacity
        self._load = OpenLoad(self._callers, iter(questions), self.rate, seed=seed, most_s=most_s + MARGIN_S)
        self._phases: Phases = []

    def __enter__(self) -> Self:
        self._load.__enter__()
        self.phase("warm-up", WARM_S)
        return self

    def phase(self, name: str, seconds: float = 0.0) -> float:
        """From now on calls belong to the phase of this name; when it began, after so many seconds of it."""
        begun = time.monotonic()
        self._phases.append((begun, name))
        time.sleep(seconds)
        return begun

    def end(self) -> dict[str, Part]:
        """The phases by name, judged."""
        ended = time.monotonic()
        calls = self._load.stop()
        answers = {id(call): told(call.question, call.body) for call in calls if not call.failed}
        right = self._reference.answers({(c.question, answers[id(c)].model) for c in calls if not c.failed})
        bounds = [*self._phases, (ended, "")]
        parts: dict[str, Part] = {}
        for (begin, name), (until, _) in pairwise(bounds):
            part = parts.setdefault(name, Part(0.0, [], answers, right))
            part.seconds += until - begin
            part.calls += [call for call in calls if begin <= call.due < until]
        print(f"{self.rate:.0f} calls a second of {self.capacity:.0f}", *map(_line, parts.items()), sep="\n  ")
        told_of = Counter(call.details[:100] for call in calls if call.failed)
        print(*(f"  {count} x {details}" for details, count in told_of.most_common(3)), sep="\n")
        for call in together(*parts.values()).wrong_calls()[:2]:
            pair = answers[id(call)], right[call.question, answers[id(call)].model]
            print("  wrong:", call.question.kind, *map(_short, pair), sep="\n    ")
        return parts

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._load.__exit__(kind, error, trace)
        self._callers.__exit__()


def _short(answer: Told) -> str:
    return f"{answer.model} {answer.degraded} {len(answer.papers)} {' '.join(answer.ids)}"


def _line(named: tuple[str, Part]) -> str:
    """A phase in one line, for whoever reads the log of a run."""
    name, part = named
    wrong = Counter(call.question.kind for call in part.wrong_calls())
    return (
        f"{name:10} {part.seconds:5.1f} s {len(part.calls):5} calls  {part.failed} failed {dict(part.failures)}  "
        f"{part.wrong} wrong {dict(wrong)}  {part.degraded} degraded  "
        f"p50 {1e3 * part.percentile_s(50):.1f} p99 {1e3 * part.p99_s:.1f} ms"
    )


def together(*parts: Part) -> Part:
    """Several phases as one."""
    calls = list(chain.from_iterable(part.calls for part in parts))
    return Part(sum(part.seconds for part in parts), calls, parts[0].answers, parts[0].right)
