"""The primary of a Redis under three Sentinels is killed; a replica takes its place."""

from chaos.harness.redis_groups import Sentinels
from chaos.harness.redis_lost import lost_primary
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="Redis primary lost under Sentinel (3 nodes, 3 Sentinels, down after 1 s)",
    promise="0 failed, 0 wrong; cache writes resume within 4 s",
    guard="asking the Sentinels again",
)


def measured(staged, reference, directory, **settings) -> list[Check]:
    with Sentinels(directory) as group, staged(settings=settings, redis_url=group.url) as stage:
        return lost_primary(stage, reference, group, group.primary)


def test_promise(record, staged, reference, tmp_path_factory):
    record.promise(lambda: measured(staged, reference, tmp_path_factory.mktemp("s")))


def test_without_the_guard(record, staged, reference, tmp_path):
    record.control(lambda: measured(staged, reference, tmp_path, **{"": sabotaged("same_primary")}))
