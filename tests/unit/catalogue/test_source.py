import gzip
import hashlib
import io
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from cocite.catalogue.ingest import source as module
from cocite.catalogue.ingest.source import Line, fingerprint, open_source
from cocite.core.errors import InvalidArgument

Write = Callable[[str, bytes | str], Path]
TEXT = b"one\n\ntwo\r\nthree"


def lines(path: Path) -> list[Line]:
    with open_source(path) as source:
        return list(source.lines())


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_packing_is_told_by_content_not_by_name(write: Write, pack: Callable[[bytes], bytes]) -> None:
    path = write("data.txt", pack(TEXT))
    assert lines(path) == [Line(1, b"one"), Line(2, b""), Line(3, b"two"), Line(4, b"three")]


def test_several_frames_are_one_file(write: Write) -> None:
    assert len(lines(write("a", gzip.compress(b"a\n") + gzip.compress(b"b\n")))) == 2
    assert len(lines(write("b", zstandard.compress(b"a\n") + zstandard.compress(b"b\n")))) == 2


def test_a_file_may_begin_with_a_frame_to_skip(write: Write) -> None:
    skipped = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"size"  # as pzstd writes
    assert lines(write("a", skipped + zstandard.compress(TEXT) + skipped))[0] == Line(1, b"one")


def test_all_lines_before_damage_are_given(write: Write) -> None:
    body = b"".join(hashlib.sha256(b"%d" % i).hexdigest().encode() + b"\n" for i in range(20_000))
    packed = bytearray(gzip.compress(body, mtime=0))
    middle = len(packed) // 2
    whole = zlib.decompressobj(wbits=31).decompress(bytes(packed[: middle - 8])).count(b"\n")
    packed[middle : middle + 4] = bytes(byte ^ 0xFF for byte in packed[middle : middle + 4])
    found = lines(write("flipped", bytes(packed)))
    assert [line.data for line in found[:whole]] == body.split(b"\n")[:whole]
    assert found[-1].problem == "compressed data is damaged or ends early"

    packed = bytearray(gzip.compress(body, mtime=0))
    packed[-6] ^= 0xFF  # in the checksum
    found = lines(write("checksum", bytes(packed)))
    assert [line.data for line in found[:-1]] == body.splitlines()
    assert found[-1].problem


def test_a_byte_order_mark_is_no_text(write: Write) -> None:
    assert lines(write("a", b"\xef\xbb\xbfone")) == [Line(1, b"one")]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_file_cut_short_gives_what_it_has_and_a_problem(write: Write, pack: Callable[[bytes], bytes]) -> None:
    body = b"".join(b"%d\n" % i for i in range(300_000))
    whole = pack(body)
    found = lines(write("a", whole[: len(whole) // 2]))
    assert found[0] == Line(1, b"0")
    assert len(found) > 1000
    assert found[-1].problem == "compressed data is damaged or ends early"
    assert not any(line.problem for line in found[:-1])


def test_a_long_line_is_passed_over_and_the_next_is_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 1 << 20)
    first, second, third = lines(write("a", b"x" * (5 << 20) + b"\nshort\n" + b"y" * (1 << 20)))
    assert first.problem == "line is longer than 1 MiB"
    assert len(first.data) == 512
    assert second == Line(2, b"short")
    assert len(third.data) == 1 << 20


@pytest.mark.parametrize("level", [1, 19])
def test_a_file_that_expands_beyond_reason_is_refused(write: Write, level: int) -> None:
    packed = io.BytesIO()
    with zstandard.ZstdCompressor(level=level).stream_writer(packed, closefd=False) as writer:
        for _ in range(100):
            writer.write(b" " * (1 << 20))
    path = write("bomb", packed.getvalue())
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InvalidArgument, match="expands more than"):
        lines(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04rest", "zip"),
        (b"%PDF-1.7", "PDF"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00abc", "xz"),
        (b"SQLite format 3\x00", "SQLite"),
        ("text".encode("utf-16"), "UTF-16"),
        (b"<!DOCTYPE html><html>", "web page"),
        (gzip.compress(b"PK\x03\x04rest", mtime=0), "zip"),
        (b"abc\x00def", "binary"),
        (b"\x1f\x8bnonsense that is no gzip", "damaged"),
        (b"\x28\xb5\x2f\xfdnonsense", "damaged"),
    ],
)
def test_other_kinds_of_file_are_refused_by_name(write: Write, content: bytes, what: str) -> None:
    with pytest.raises(InvalidArgument, match=what):
        lines(write("data.jsonl", content))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="does not exist"):
        lines(tmp_path / "absent")
    with pytest.raises(InvalidArgument, match="not a plain file"):
        lines(tmp_path)


def test_the_fingerprint_follows_the_content(write: Write) -> None:
    path = write("a", b"one")
    before = fingerprint(path)
    assert fingerprint(path) == before
    assert fingerprint(write("a", b"two")) != before
