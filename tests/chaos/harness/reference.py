"""What a stage that nothing happens to answers: the measure of right and wrong."""

from collections.abc import Iterable
from pathlib import Path

from chaos.harness.load import Callers
from chaos.harness.questions import Question, Told, told
from chaos.harness.stage import Stage

TRIES, PATIENCE_S = 5, 30.0  # on a machine that may be busy


class Reference:
    """A stage apart, asked for each question once."""

    def __init__(self, home: Path, directory: Path) -> None:
        self.stage = Stage(home, directory, settings={"": {"redis_timeout_s": "5"}})
        self._known: dict[Question, Told] = {}

    def answers(self, questions: Iterable[Question]) -> dict[Question, Told]:
        """The right answer to each question; fails where there is none."""
        asked = set(questions)
        with Callers(self.stage.targets, callers=4) as callers:
            for _ in range(TRIES):
                self._ask(callers, asked - self._known.keys())
                if asked <= self._known.keys():
                    return self._known
        raise AssertionError("the reference fails, or answers degraded")

    def _ask(self, callers: Callers, questions: Iterable[Question]) -> None:
        for call in callers.ask(questions, PATIENCE_S):
            answer = None if call.failed else told(call.question, call.body)
            if answer and not answer.degraded:
                self._known[call.question] = answer
