"""What a stage that nothing happens to answers: the measure of right and wrong."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from chaos.harness.load import Callers
from chaos.harness.questions import Question, Told, told
from chaos.harness.stage import Stage

TRIES, PATIENCE_S = 5, 30.0  # on a machine that may be busy
Right = dict[tuple[Question, str], Told]  # by a question and the model that answers


class Judge(Protocol):
    """Knows right answers."""

    def answers(self, asked: Iterable[tuple[Question, str]]) -> Right:
        """The right answer to each question, by the model that was said to have answered it, where one is told."""


class Reference:
    """A stage apart, asked for each question once."""

    def __init__(self, home: Path, directory: Path) -> None:
        self.stage = Stage(home, directory, settings={"": {"redis_timeout_s": "5"}})
        self._known: dict[Question, Told] = {}

    def answers(self, asked: Iterable[tuple[Question, str]]) -> Right:
        """The right answer to each question, of the one model there is; fails where there is none."""
        pairs = list(asked)
        questions = {question for question, _ in pairs}
        with Callers(self.stage.targets, callers=4) as callers:
            for _ in range(TRIES):
                self._ask(callers, questions - self._known.keys())
                if questions <= self._known.keys():
                    return {(question, model): self._known[question] for question, model in pairs}
        raise AssertionError("the reference fails, or answers degraded")

    def _ask(self, callers: Callers, questions: Iterable[Question]) -> None:
        for call in callers.ask(questions, PATIENCE_S):
            answer = None if call.failed else told(call.question, call.body)
            if answer and not answer.degraded:
                self._known[call.question] = answer
