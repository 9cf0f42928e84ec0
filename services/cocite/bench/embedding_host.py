"""The embedding service in a process of its own that can also be told to run its encoder bare, for comparison.

It is the service that `cocite serve embedding` runs, on a free port. What the bench wants to know of it goes over a
pipe, so that no call and no log line is added to what is measured.
"""

import multiprocessing
import os
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from cocite.core.errors import CociteError, Unavailable
from cocite.core.settings import Settings
from cocite.embedding.throughput import BatchCounts
from cocite.serving.logs import configure_logs

ANSWER_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Cores:
    """Cores of the encoder's threads, and those of everything else: transport, tokens, callers."""

    encoder: frozenset[int]
    others: frozenset[int]


def share_cores(threads: int) -> Cores:
    """The last cores of this process for that many encoder threads, the others for the rest.

    Where none would be left both have all of them.
    """
    allowed = sorted(os.sched_getaffinity(0))
    if threads >= len(allowed):
        return Cores(frozenset(allowed), frozenset(allowed))
    return Cores(frozenset(allowed[-threads:]), frozenset(allowed[:-threads]))


class EmbeddingHost:
    """The process. port: where the service listens. pid: of the process. Raises what building the service raises."""

    def __init__(self, settings: Settings, texts: Sequence[str], cores: Cores) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, settings, list(texts), cores), daemon=True)
        self._process.start()
        theirs.close()
        self.port: int = self._answer()
        self.pid = self._process.pid or 0

    def ask(self, command: str, *arguments: Any) -> Any:
        """What a method of _Commands gives there."""
        try:
            self._pipe.send((command, arguments))
        except OSError:
            raise _ended() from None
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(10.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _answer(self) -> Any:
        try:
            if not self._pipe.poll(ANSWER_TIMEOUT_S):
                raise Unavailable(f"the embedding service did not answer within {ANSWER_TIMEOUT_S:.0f} s")
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise _ended() from None
        if isinstance(answer, CociteError):
            raise answer
        return answer


def _ended() -> Unavailable:
    return Unavailable("the embedding service ended while it was measured")


@contextmanager
def hosting(settings: Settings, texts: Sequence[str], cores: Cores) -> Iterator[EmbeddingHost]:
    """An EmbeddingHost that ends with the block."""
    host = EmbeddingHost(settings, texts, cores)
    try:
        yield host
    finally:
        host.close()


class _Commands:
    """What the host can be asked for, in its process; each gives something that can be pickled."""

    def __init__(self, settings: Settings, texts: Sequence[str], cores: Cores) -> None:
        from cocite.embedding.main import build

        self._settings = settings
        self._texts = texts
        self._cores = cores
        self.process = build(settings)
        self._encoders = {settings.encoder: self.process.encoder}
        for number in self.process.batcher.thread_ids:
            os.sched_setaffinity(number, cores.encoder)

    def reading(self) -> tuple[BatchCounts, float]:
        """What the service has encoded so far, and the seconds each of its encoder's threads waited for a core."""
        threads = self.process.batcher.thread_ids
        return self.process.batcher.counts, sum(map(_waited_s, threads)) / len(threads)

    def lengths(self) -> list[int]:
        """Tokens of each text."""
        return [len(text.token_ids) for text in self.process.encoder.tokenize(self._texts)]

    def peak(self, seconds: float) -> float:
        """Operations a second of CPU in matrix products, on as many threads and the same cores as the encoder has."""
        from cocite.embedding.flops import peak_flops

        with self._as_encoder(), ThreadPoolExecutor(self._settings.encoder_threads) as pool:
            return sum(pool.map(lambda _: peak_flops(seconds, time.thread_time), range(self._settings.encoder_threads)))

    def bare(self, encoder: str) -> tuple[float, float]:
        """Seconds, and seconds of CPU, that the texts take as a corpus: sorted by length, with no service around."""
        from cocite.embedding.bulk import embed_corpus

        engine = self._encoder(encoder)
        with self._as_encoder():
            began, cpu = time.perf_counter(), time.process_time()
            embed_corpus(
                engine,
                self._texts,
                threads=self._settings.encoder_threads,
                batch_tokens=self._settings.embedding_batch_tokens,
            )
            return time.perf_counter() - began, time.process_time() - cpu

    def likeness(self, one: str, other: str) -> float:
        """Mean cosine between the vectors that two encoders give of the texts."""
        from cocite.embedding.bulk import embed_corpus

        a, b = (embed_corpus(self._encoder(name), self._texts) for name in (one, other))
        return float((a * b).sum(axis=1).mean())

    def _encoder(self, name: str) -> Any:
        from cocite.embedding.encoders import load_encoder

        if name not in self._encoders:
            self._encoders[name] = load_encoder(self._settings.model_copy(update={"encoder": name}))
        return self._encoders[name]

    @contextmanager
    def _as_encoder(self) -> Iterator[None]:
        """This thread, and those it starts, run on the cores of the encoder."""
        _run_on(self._cores.encoder)
        try:
            yield
        finally:
            _run_on(self._cores.others)


def _serve(pipe: Connection, settings: Settings, texts: Sequence[str], cores: Cores) -> None:
    """Build the service, send its port, answer commands until the pipe ends."""
    configure_logs(settings)
    _run_on(cores.others)
    try:
        commands = _Commands(settings, texts, cores)
        commands.process.server.start()
    except CociteError as error:
        pipe.send(error)
        return
    try:
        pipe.send(commands.process.server.port)
        while True:
            command, arguments = pipe.recv()
            pipe.send(getattr(commands, command)(*arguments))
    except (EOFError, OSError):
        commands.process.server.stop(lame_duck_s=0.0)
        commands.process.close()


def _waited_s(thread: int) -> float:
    """Seconds that a thread of this process was ready to run while its cores were held by others; see proc(5)."""
    return int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[1]) / 1e9


def _run_on(cores: Collection[int]) -> None:
    os.sched_setaffinity(0, cores)
