"""What is measured of a group of Redises that loses a primary."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from chaos.harness.redis_fault import LOOK_S
from chaos.harness.redis_groups import Group
from chaos.harness.reference import Judge
from chaos.harness.stage import Stage
from chaos.harness.trial import Trial
from chaos.harness.valkey import Valkey
from chaos.harness.verdict import Check

BASELINE_S, FAULT_S = 6.0, 10.0
RESUMED_S = 4.0


@dataclass
class Heirs:
    """Writes that nodes took as primaries that were none when it began."""

    first: dict[int, int] = field(default_factory=dict)
    resumed_at: float = float("inf")


@contextmanager
def watched(group: Group) -> Iterator[Heirs]:
    """When a node that was no primary takes a write as one, while the block runs."""
    heirs, over = Heirs(), threading.Event()
    primaries = {id(node) for node in group.nodes if group.is_primary(node)}
    heirs_to_be = [node for node in group.nodes if id(node) not in primaries]

    def look() -> None:
        while not over.wait(LOOK_S / 5):
            for node in heirs_to_be:
                if heirs.resumed_at == float("inf") and group.is_primary(node):
                    written = group.written(node)
                    if written > heirs.first.setdefault(id(node), written):
                        heirs.resumed_at = time.monotonic()

    thread = threading.Thread(target=look, name="heirs")
    thread.start()
    try:
        yield heirs
    finally:
        over.set()
        thread.join()


def lost_primary(stage: Stage, judge: Judge, group: Group, lost: Valkey) -> list[Check]:
    """The figures of a stage on a group whose primary is killed under load."""
    with Trial(stage, judge) as trial:
        trial.phase("baseline", BASELINE_S)
        trial.phase("fault")
        with watched(group) as heirs:
            lost.kill()
            killed = time.monotonic()
            trial.phase("fault", FAULT_S)
        parts = trial.end()
    fault = parts["fault"]
    return [
        Check(f"failed of {len(fault.calls)} calls", fault.failed, 0),
        Check("wrong", fault.wrong, 0),
        Check("writes resumed after", heirs.resumed_at - killed, RESUMED_S, "s"),
    ]
