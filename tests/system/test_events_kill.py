"""A process that keeps events is killed at any moment: nothing acknowledged is lost, nothing is there twice.

The kernel survives a kill, and with it what was written and not yet fsynced; that the commits are fsynced is shown in
test_catalogue_durability.py by what SQLite says of itself. A power cut cannot be had here.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from cocite.catalogue.schema import events, reader_papers, readers
from cocite.catalogue.store import Catalogue
from support.catalogues import catalogue_url, postgres_server, postgres_url

__all__ = ["catalogue_url", "postgres_server", "postgres_url"]  # fixtures

SCRIPT = Path(__file__).parents[1] / "support" / "append_and_tell.py"
ROUNDS = 30
MOST_S = 0.25  # that a round goes on after its first acknowledgement


def killed_round(url: str, name: str, draw: random.Random, *options: str) -> set[str]:
    """Events acknowledged by a process until it was killed."""
    command = [sys.executable, str(SCRIPT), url, name, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            time.sleep(draw.uniform(0, MOST_S))
        finally:
            process.kill()
        rest = process.stdout.read()
    whole = (first + rest).rpartition(b"\n")[0]  # a line that was cut short was not told
    return set(whole.decode().split())


def kept(catalogue: Catalogue) -> list[str]:
    with catalogue.reading() as connection:
        return list(connection.execute(sa.select(events.c.event_id).order_by(events.c.sequence)).scalars())


def assert_what_holds_follows_from_the_events(catalogue: Catalogue) -> None:
    with catalogue.reading() as connection:
        pairs = (events.c.reader_key, events.c.identifier_key, events.c.kind)
        changes = sa.select(*pairs, sa.func.sum(events.c.change), sa.func.max(events.c.sequence)).group_by(*pairs)
        expected = {tuple(row) for row in connection.execute(changes)}
        own = reader_papers.c
        now = sa.select(own.reader_key, own.identifier_key, own.kind, own.active, own.sequence)
        assert {(r[0], r[1], r[2], int(r[3]), r[4]) for r in connection.execute(now)} == expected
        numbers = sa.select(events.c.reader_key, sa.func.count(), sa.func.max(events.c.sequence))
        counted = {tuple(row) for row in connection.execute(numbers.group_by(events.c.reader_key))}
        told = sa.select(readers.c.reader_key, readers.c.event_count, readers.c.last_sequence)
        assert {tuple(row) for row in connection.execute(told)} == counted


@pytest.mark.timeout(600)
def test_no_acknowledged_event_is_lost_and_none_is_there_twice(catalogue_url: str) -> None:
    draw = random.Random(0)
    told: set[str] = set()
    rounds = ROUNDS if catalogue_url.startswith("sqlite") else ROUNDS // 3
    with Catalogue.open(catalogue_url) as catalogue:
        for number in range(rounds):
            told |= killed_round(catalogue_url, str(number), draw)
            there = kept(catalogue)
            assert told <= set(there), f"lost in round {number}"
        assert max(Counter(there).values()) == 1
        assert len(told) > 10 * rounds
        assert_what_holds_follows_from_the_events(catalogue)


@pytest.mark.timeout(600)
def test_an_acknowledgement_before_the_commit_would_be_seen(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalogue.db'}"
    draw = random.Random(1)
    with Catalogue.open(url) as catalogue:
        for number in range(ROUNDS):
            if not killed_round(url, str(number), draw, "--too-early") <= set(kept(catalogue)):
                return
    pytest.fail("30 processes acknowledged too early, and nothing was missed")
