"""The host with the hashing encoder, as a process of its own."""

import os
from pathlib import Path

import pytest

from cocite.bench.embedding_host import Cores, hosting, share_cores
from cocite.bench.embedding_windows import METHOD, numbered_calls
from cocite.core.errors import NotReady, Unavailable
from cocite.core.settings import Settings
from cocite.embedding.encoders import HashingEncoder
from cocite.load.session import LoadSession

TEXTS = ["graph drawing", "co-citation in the scientific literature", "one"]
ALL = frozenset(os.sched_getaffinity(0))


def settings(home: Path, **changes: object) -> Settings:
    nowhere = f"unix:{home / 'none'}"
    return Settings(  # type: ignore[arg-type]
        home=home, embedding_listen="127.0.0.1:0", features_target=nowhere, encoder_threads=1, **changes
    )


def test_the_host_serves_and_counts(tmp_path: Path) -> None:
    with hosting(settings(tmp_path, encoder="hashing"), TEXTS, Cores(ALL, ALL)) as host:
        before, _ = host.ask("reading")
        with LoadSession("127.0.0.1", host.port, numbered_calls(TEXTS, 3, 0)) as session:
            answered = session.closed(2, seconds=0.05).answered_in_all
        counts, waited_s = host.ask("reading")
        assert answered > 0
        assert 0 < counts.since(before).texts <= answered  # alike texts at one time are encoded once
        assert counts.padded_tokens >= counts.tokens
        assert waited_s >= 0
        lengths = [len(text.token_ids) for text in HashingEncoder().tokenize(TEXTS)]
        assert host.ask("lengths") == lengths
        seconds, cpu_s = host.ask("bare", "hashing")
        assert seconds > 0 and cpu_s > 0
        assert host.ask("reading")[0] == counts  # the bare encoder is not the service
        assert host.ask("likeness", "hashing", "hashing") == pytest.approx(1.0)
        assert host.ask("peak", 0.0) > 0
        pid = host.pid
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(Unavailable):
        host.ask("reading")


def test_missing_model_files_are_told_as_ever(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="cocite model pull"), hosting(settings(tmp_path), TEXTS, Cores(ALL, ALL)):
        pass


def test_cores_are_divided_where_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 5})
    assert share_cores(1) == Cores(frozenset({5}), frozenset({0, 1, 2}))
    assert share_cores(3) == Cores(frozenset({1, 2, 5}), frozenset({0}))
    assert share_cores(4) == share_cores(9) == Cores(frozenset({0, 1, 2, 5}), frozenset({0, 1, 2, 5}))


def test_the_method_is_one_of_the_service() -> None:
    from cocite.v1 import embedding_service_pb2

    service = embedding_service_pb2.DESCRIPTOR.services_by_name["EmbeddingService"]
    assert f"/{service.full_name}/{service.methods_by_name['EmbedTexts'].name}" == METHOD
