"""A target with a fault in it: the fuzzer must find the four bytes that lead there (tests/fuzz/test_fuzz.py)."""

from cocite.cache.frames import MAGIC

SEEDS = [b"", b"\xc1"]


def check(data: bytes) -> None:
    if len(data) > 3 and data[0] == MAGIC and data[1] == ord("a") and data[2] > 200 and data[3] < 7:
        raise AssertionError("the planted fault")
