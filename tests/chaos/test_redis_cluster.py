"""A primary of a Redis Cluster of three, with a replica each, is killed; its replica takes its place."""

from chaos.harness.redis_groups import Cluster
from chaos.harness.redis_lost import lost_primary
from chaos.harness.sabotage import sabotaged
from chaos.harness.verdict import Check, Fault

FAULT = Fault(
    what="Redis primary lost in a Cluster (6 nodes, node timeout 1 s)",
    promise="0 failed, 0 wrong; cache writes resume within 4 s",
    guard="asking the Cluster again",
)


def measured(staged, reference, directory, **settings) -> list[Check]:
    with Cluster(directory) as group, staged(settings=settings, redis_url=group.url) as stage:
        return lost_primary(stage, reference, group, group.primaries[0])


def test_promise(record, staged, reference, tmp_path_factory):
    record.promise(lambda: measured(staged, reference, tmp_path_factory.mktemp("c")))


def test_without_the_guard(record, staged, reference, tmp_path):
    record.control(lambda: measured(staged, reference, tmp_path, **{"": sabotaged("same_primary")}))
