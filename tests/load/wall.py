"""What it costs a call to be asked for a key, in microseconds, least of several rounds: `python tests/load/wall.py`."""

import tempfile
import timeit
from pathlib import Path
from types import SimpleNamespace

from cocite.serving.key_store import KeyRing, KeyStore
from cocite.serving.keys import Scope
from cocite.serving.wall import Wall

KEYS, CALLS, ROUNDS = 200, 100_000, 9
METHOD = "/cocite.v1.RecommenderService/RecommendPapers"


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as directory:
        store = KeyStore(Path(directory) / "keys.json")
        secrets = [store.create(f"owner{number}", [Scope.READ], None)[1] for number in range(KEYS)]
        wall = Wall(KeyRing(store))
        metadata = (("user-agent", "grpc-python"), ("x-request-id", "1"), ("authorization", f"Bearer {secrets[-1]}"))
        context = SimpleNamespace(invocation_metadata=lambda: metadata)
        ways = {
            "grpcio": lambda: wall.check(METHOD, b"", context),
            "native, before answers from memory": lambda: wall.admits(METHOD, b"", metadata),
        }
        for name, way in ways.items():
            print(f"{name}: {min(timeit.repeat(way, number=CALLS, repeat=ROUNDS)) / CALLS * 1e6:.1f} us a call")


if __name__ == "__main__":
    main()
