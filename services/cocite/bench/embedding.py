"""cocite bench embedding: the embedding service under load, beside its own encoder run bare.

Windows alternate in one run: 64 callers of single texts, the bare encoder on the same texts as a corpus, matrix
products alone, calls at twice the rate the service can encode, and the encoder in 8-bit integers. What is told are
medians of ratios of neighbouring windows.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cocite.bench.embedding_host import EmbeddingHost, hosting, share_cores
from cocite.bench.embedding_windows import Reading, Stretch, Watch, Window, numbered_calls, useful_share
from cocite.core.settings import Settings
from cocite.embedding.encoders import INT8
from cocite.embedding.flops import useful_flops
from cocite.load.paired import Ratio, paired_ratio, rounds
from cocite.load.processes import ServerCpu, pinned
from cocite.load.result import Result
from cocite.load.session import LoadSession

Progress = Callable[[str, int, int], None]
WARM_UP_S = 1.0
OVERLOAD = 2.0  # calls over those the service can encode
COPIES = 40  # of each text, told apart by a number
PEAK_S = 0.6
PATIENT_S = 30.0  # deadline of callers who wait for their answer
WINDOWS = ("service", "bare", "peak", "overload", "int8")


@dataclass(frozen=True, slots=True)
class EmbeddingBenchOptions:
    """callers: that wait at a time. windows: of each kind, of so many seconds. threads: of the encoder, 0 for all cores
    but one. deadline_s: of calls at twice the rate."""

    callers: int = 64
    windows: int = 12
    seconds: float = 4.0
    threads: int = 0
    deadline_s: float = 2.0
    seed: int = 0


@dataclass(slots=True)
class Measured:
    """Figures of each window by the name of its kind. bare, int8: (seconds, seconds of CPU) of the whole corpus."""

    tokens: int
    token_pairs: int
    threads: int
    likeness: float = 1.0
    service: list[Window] = field(default_factory=list)
    overload: list[Window] = field(default_factory=list)
    bare: list[tuple[float, float]] = field(default_factory=list)
    int8: list[tuple[float, float]] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)

    def rows(self) -> dict[str, Ratio]:
        """Each ratio by its name. The bare encoder and the peak go by CPU, so others on the machine slow neither."""
        steady = [window.stretch for window in self.service]
        speed = [stretch.tokens_per_s for stretch in steady]
        bare_s = [cpu / self.threads for _, cpu in self.bare]
        flops = useful_flops(self.tokens, self.token_pairs)
        return {
            "service / bare": _ratio(speed, [self.tokens / s for s in bare_s]),
            "service / bare, by clock": _ratio(
                [s.encoded.tokens / s.clock_s for s in steady], [self.tokens / s for s, _ in self.bare]
            ),
            "service / bare, by all CPU": _ratio(
                [s.encoded.tokens / s.cpu_s for s in steady], [self.tokens / cpu for _, cpu in self.bare]
            ),
            "padded / real": _ratio(
                [float(s.encoded.padded_tokens) for s in steady], [float(s.encoded.tokens) for s in steady]
            ),
            "useful / peak": _ratio([_useful_per_s(s) for s in steady], self.peak),
            "bare useful / peak": _ratio([flops / s for s in bare_s], self.peak),
            "goodput at 2x / peak": _ratio([w.good_tokens_per_s for w in self.overload], speed),
            "int8 / float32": _ratio([cpu for _, cpu in self.bare], [cpu for _, cpu in self.int8]),
        }

    def figures(self) -> dict[str, float]:
        """Medians that belong to this machine alone."""
        over, steady = [w.result for w in self.overload], [w.result for w in self.service]
        encoded = [w.stretch.encoded for w in self.service if w.stretch.encoded.batches]
        return {
            "tokens a text": _median(counts.tokens / counts.texts for counts in encoded),
            "tokens a batch": _median(counts.tokens / counts.batches for counts in encoded),
            "texts a second": _median(w.result.rps for w in self.service),
            "tokens a second": _median(w.stretch.tokens_per_s for w in self.service),
            "peak, GFLOP/s": _median(self.peak) / 1e9,
            **{f"callers' p{p}, ms": _median(r.percentile_us(p) / 1e3 for r in steady) for p in (50, 90, 99)},
            **{f"p{p} at 2x, ms": _median(r.percentile_us(p) / 1e3 for r in over) for p in (50, 99)},
            "refused at 2x": _median(r.failures.get("RESOURCE_EXHAUSTED", 0) / max(r.sent, 1) for r in over),
            "late at 2x": _median(r.failures.get("DEADLINE_EXCEEDED", 0) / max(r.sent, 1) for r in over),
            "encoded in vain at 2x": _median(1.0 - w.useful for w in self.overload),
            "cosine of int8 to float32": self.likeness,
        }

    def as_json(self) -> dict[str, Any]:
        """Everything that is told."""
        rows = {
            name: {"median": r.median, "low": r.low, "high": r.high, "windows": r.pairs}
            for name, r in self.rows().items()
        }
        return {"rows": rows, "figures": self.figures(), "threads": self.threads, "windows": len(self.service)}


class _Service:
    """A hosted service as the watches see it, and the load on it."""

    def __init__(self, host: EmbeddingHost, options: EmbeddingBenchOptions, texts: Sequence[str]) -> None:
        self._host = host
        self._options = options
        self._cpu = ServerCpu(host.pid)
        self._start = self._cpu.read()
        calls = numbered_calls(texts, COPIES, options.seed)
        self.steady = LoadSession("127.0.0.1", host.port, calls, deadline_s=PATIENT_S, seed=options.seed)
        self.hurried = LoadSession("127.0.0.1", host.port, calls, deadline_s=options.deadline_s, seed=options.seed)

    def read(self) -> Reading:
        """Where the service is now."""
        encoded, waited_s = self._host.ask("reading")
        cpu_s = self._cpu.spent(self._start, self._cpu.read())
        return Reading(time.perf_counter(), cpu_s, encoded, waited_s)

    def service(self) -> Window:
        """Callers who wait for their answer before they ask again."""
        return self._window(lambda watch, s: self.steady.closed(self._options.callers, s, WARM_UP_S, watch))

    def overload(self, texts_per_s: float) -> Window:
        """Calls at twice the rate, whatever the answers."""
        rate = OVERLOAD * texts_per_s
        return self._window(lambda watch, s: self.hurried.open(rate, s, WARM_UP_S, watch, max_late_share=1.0))

    def _window(self, run: Callable[[Watch, float], Result]) -> Window:
        watch, before = Watch(self.read, WARM_UP_S), self.read()
        result = run(watch, self._options.seconds)
        return Window(watch.stretch, result, useful_share(result, self.read().encoded.since(before.encoded)))

    def close(self) -> None:
        """Close the connections."""
        self.steady.close()
        self.hurried.close()


def run_embedding_bench(
    settings: Settings, texts: Sequence[str], options: EmbeddingBenchOptions, nowhere: Path, progress: Progress
) -> Measured:
    """Measure. nowhere: a folder without sockets, where the service looks for its cache in vain.

    Raises NotReady when the model's files are missing, Unavailable when the service ends.
    """
    threads = options.threads or max(1, len(share_cores(1).others))
    cores = share_cores(threads)
    chosen = settings.model_copy(
        update={
            "embedding_listen": "127.0.0.1:0",
            "features_target": f"unix:{nowhere / 'none'}",  # a cache would answer what is to be measured
            "encoder_threads": threads,
            "log_level": "error",  # that it misses its cache is no news
        }
    )
    with pinned(cores.others), hosting(chosen, texts, cores) as host:
        return _measure(host, chosen, texts, options, progress)


def _measure(
    host: EmbeddingHost,
    settings: Settings,
    texts: Sequence[str],
    options: EmbeddingBenchOptions,
    progress: Progress,
) -> Measured:
    lengths = host.ask("lengths")
    found = Measured(sum(lengths), sum(length * length for length in lengths), settings.encoder_threads)
    found.likeness = host.ask("likeness", settings.encoder, INT8)
    service = _Service(host, options, texts)
    rate = service.service().texts_per_s  # also the warm-up of everything
    kinds: dict[str, Callable[[], object]] = {
        "service": lambda: found.service.append(service.service()),
        "bare": lambda: found.bare.append(host.ask("bare", settings.encoder)),
        "peak": lambda: found.peak.append(host.ask("peak", PEAK_S)),
        "overload": lambda: found.overload.append(service.overload(rate)),
        "int8": lambda: found.int8.append(host.ask("bare", INT8)),
    }
    try:
        for number, names in enumerate(rounds(WINDOWS, options.windows)):
            progress("measuring", number, options.windows)
            for name in names:
                kinds[name]()
            rate = _median(w.texts_per_s for w in found.service)
    finally:
        service.close()
    return found


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """paired_ratio of the rounds in which both have a figure. On a busy machine a window may pass without a batch; the
    ratio tells of how many rounds it is."""
    usable = [(a, b) for a, b in zip(ours, theirs, strict=True) if a > 0 and b > 0]
    return paired_ratio([a for a, _ in usable], [b for _, b in usable])


def _useful_per_s(stretch: Stretch) -> float:
    flops = useful_flops(stretch.encoded.tokens, stretch.encoded.token_pairs)
    return flops / stretch.seconds if stretch.seconds > 0 else 0.0


def _median(values: Any) -> float:
    return float(np.median(list(values)))
