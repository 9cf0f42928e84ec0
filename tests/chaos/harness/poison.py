"""Spoils values in a Valkey as fast as services write them."""

import random
import threading

import redis

PAUSE_S = 0.05
KEPT_S = 60  # that a spoilt value stays
OTHER_TYPE = 0.05  # of the values, that become lists


class Poison:
    """Every value, over and over, from start() to stop(); spoilt tells how many."""

    def __init__(self, client: redis.Redis, seed: int = 0) -> None:
        self.spoilt = 0
        self._client = client
        self._random = random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="poison")
        self._done: dict[bytes, bytes] = {}  # what was put under each key

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(PAUSE_S):
            keys = [key for key in self._client.scan_iter(count=1000) if self._client.type(key) == b"string"]
            values = dict(zip(keys, self._client.mget(keys), strict=True)) if keys else {}
            fresh = {key: value for key, value in values.items() if value and self._done.get(key) != value}
            for key, value in fresh.items():
                self._spoil(key, value, self._random.choice(list(fresh.values())))

    def _spoil(self, key: bytes, value: bytes, another: bytes) -> None:
        if self._random.random() < OTHER_TYPE:
            self._client.pipeline().delete(key).rpush(key, value).expire(key, KEPT_S).execute()
        else:
            bad = self._random.choice((self._turned(value), value[: len(value) // 2], another, self._noise(value)))
            if bad == value:
                return
            self._client.set(key, bad, ex=KEPT_S)
            self._done[key] = bad
        self.spoilt += 1

    def _turned(self, value: bytes) -> bytes:
        at = self._random.randrange(8 * len(value))
        changed = bytearray(value)
        changed[at // 8] ^= 1 << at % 8
        return bytes(changed)

    def _noise(self, value: bytes) -> bytes:
        return self._random.randbytes(len(value))
