"""Ten models are published within ten seconds under load."""

import time

from chaos.harness.overload import COMPUTED
from chaos.harness.sabotage import sabotaged
from chaos.harness.trial import Trial, together
from chaos.harness.verdict import Check, Fault
from chaos.harness.versions import publish
from chaos.harness.work import failed

FAULT = Fault(
    what="ten models published at 1 Hz",
    promise="0 failed; each answer is what one version alone answers",
    guard="a request takes all that belongs to a version in one step",
)
EVERY_S = 1.0
SEEN, SEEN_HARD = 8, 4  # versions: one that is published while another is loaded may be passed over


def measured(staged, versions, versioned, **settings) -> list[Check]:
    quick = {"bundle_poll_s": "0.2", **settings}
    with staged(settings={"": COMPUTED, "recommender": quick}) as stage, Trial(stage, versioned) as trial:
        trial.phase("baseline", 4)
        begun = trial.phase("publishing")
        for number, bundle in enumerate(versions.directories):
            publish(stage.home, bundle)
            trial.phase("publishing", max(0.0, begun + (number + 1) * EVERY_S - time.monotonic()))
        took_s = time.monotonic() - begun
        trial.phase("afterwards", 2)
        parts = trial.end()
    struck = together(parts["publishing"], parts["afterwards"])
    seen = {struck.answers[id(call)].model for call in struck.of("known", "pair", "text", "cold").calls if call.body}
    return [
        failed(struck),
        Check("answers of no one version", struck.wrong, 0),
        Check("time of it", took_s, 1.2 * EVERY_S * len(versions), "s", hard=60.0),
        Check("versions seen", len(seen), SEEN, at_least=True, hard=SEEN_HARD),
    ]


def test_promise(record, staged, versions, versioned):
    record.promise(lambda: measured(staged, versions, versioned))


def test_without_the_guard(record, staged, versions, versioned):
    record.control(lambda: measured(staged, versions, versioned, **sabotaged("torn_swap")), breaks="answers of no")
