"""The model now serving, and the watcher that swaps it for a newly published one.

CURRENT is looked at every so often. A new version is loaded and verified beside the old one and then takes its
place by one assignment; each request takes the reference once, so one answer comes from one version. What cannot
be loaded is refused and the old version stays: for good when its contents are wrong, until they change; with
growing pauses between tries when the cause may pass, as lack of memory does. Rolling back is publishing again. A
process that begins with a version that it refuses serves the one before it, as those do that were there then.
Papers that are newer than the version are added to it in the same way, as often as there are others.
"""

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from cocite.core.errors import CociteError, CorruptData, NotReady, Unavailable
from cocite.recommender.assembly import Assembler
from cocite.recommender.bundle import Bundle
from cocite.recommender.bundle_files import read_current, read_history
from cocite.recommender.engine import Engine
from cocite.recommender.fresh.extension import Extension
from cocite.recommender.fresh.paper import FreshPaper, name_of
from cocite.recommender.one_paper import OnePaper
from cocite.recommender.paging import model_digest

log = structlog.get_logger("cocite.models")
MAX_REFUSED = 20
KEPT_STATES = 4  # of the serving version, the latest: further pages of a list come from what made its first
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # between tries to load what may load yet

_Signature = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """One loaded version with the papers that came since, fresh_count of them. name tells such states apart."""

    bundle: Bundle
    engine: Engine
    name: str
    assembler: Assembler
    one_paper: OnePaper
    fresh_count: int = 0

    @classmethod
    def of(cls, bundle: Bundle, engine: Engine, name: str) -> "Model":
        """What answers with a bundle. The engine's may show some papers otherwise."""
        assembler = Assembler(bundle)
        fresh_count = bundle.paper_count - bundle.trained_count
        return cls(bundle, engine, name, assembler, OnePaper(bundle, name, assembler), fresh_count)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A version that was offered and not taken; version is "" when CURRENT itself is unreadable."""

    version: str
    detail: str


@dataclass(frozen=True, slots=True)
class _Failure:
    """What failed to load last, and when it is worth another try; never, when the contents are to blame."""

    signature: _Signature
    pause_s: float
    again_at: float


class Models:
    """Holds the serving model. poll() and extend() are called by one thread each, everything else by any.

    before_swap is told the name of each model right before it serves. clock returns seconds on a monotonic clock.
    """

    def __init__(
        self,
        bundles_dir: Path,
        clock: Callable[[], float] = time.monotonic,
        before_swap: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._directory = bundles_dir
        self._before_swap = before_swap
        self._clock = clock
        self._states: tuple[Model, ...] = ()  # of one version, the serving one first
        self._fresh: tuple[FreshPaper, ...] = ()
        self._extension: Extension | None = None
        self._engine: Engine | None = None  # of the version as it was trained
        self._swapping = threading.Lock()
        self._refusals: tuple[Refusal, ...] = ()
        self._failure: _Failure | None = None

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The last MAX_REFUSED refusals of this process, newest last."""
        return self._refusals

    @property
    def trained(self) -> Bundle | None:
        """The bundle of the serving version as it was trained."""
        extension = self._extension
        return extension.bundle if extension else None

    @property
    def serving(self) -> Model | None:
        """The serving model."""
        return self._states[0] if self._states else None

    @property
    def refuses(self) -> bool:
        """Whether the version that is published now was refused."""
        return self._failure is not None

    def require(self, made_by: bytes = b"") -> Model:
        """The serving model; that of paging.model_digest made_by while it is kept. Raises NotReady when none is."""
        states = self._states
        if not states:
            refusals = self._refusals
            why = f": {refusals[-1].version or 'CURRENT'} was refused, {refusals[-1].detail}" if refusals else ""
            raise NotReady(f"no model is published{why}", hint="run `cocite train`")
        return next((state for state in states if made_by and model_digest(state.name) == made_by), states[0])

    def extend(self, fresh: Sequence[FreshPaper]) -> None:
        """Serve with these papers beside the trained ones from now on, whatever version it is."""
        with self._swapping:
            self._fresh = tuple(fresh)
            if self._extension is not None and self._engine is not None:
                state = self._extended(self._extension, self._engine)
                others = [each for each in self._states if each.name != state.name]
                self._before_swap(state.name)
                self._states = (state, *others[: KEPT_STATES - 1])

    def poll(self) -> bool:
        """Look at CURRENT once and load what it names; True when another version serves now."""
        name = ""
        signature: _Signature = ()
        try:
            name = read_current(self._directory) or ""
            if not name or (self.trained is not None and self.trained.version == name):
                self._failure = None
                return False
            signature = (name, *_fingerprint(self._directory / name))
            if not self._due(signature):
                return False
            self._serve(name)
        except Exception as error:  # whatever is wrong with a new version, the old one goes on serving
            self._refuse(name, signature, error)
            return not self._states and self._fall_back(name)
        self._failure = None
        return True

    def _serve(self, name: str) -> None:
        bundle = self._load(name)
        with self._swapping:
            extension, engine = Extension(bundle), Engine(bundle)
            state = self._extended(extension, engine)
            self._before_swap(state.name)
            self._states = (state,)
            self._extension, self._engine = extension, engine
        log.info("model serving", model_version=name, papers=bundle.paper_count)

    def _fall_back(self, refused: str) -> bool:
        """Serve the last version that served before the one refused, as if this process had been there then; True when
        one does.
        """
        with suppress(Unavailable):
            for name in reversed(read_history(self._directory)):
                if name != refused and self._serves_again(name):
                    return True
        return False

    def _serves_again(self, name: str) -> bool:
        try:
            self._serve(name)
        except Exception as error:
            log.error("model refused", model_version=name, detail=_detail_of(error), still_serving="")
            return False
        return True

    def _load(self, name: str) -> Bundle:
        bundle = Bundle.load(self._directory / name)
        if bundle.version != name:
            raise CorruptData(f"the manifest in {name} is that of {bundle.version}")
        return bundle

    def _extended(self, extension: Extension, engine: Engine) -> Model:
        """The version with what is newer; engine is that of the bundle as it was trained."""
        base = extension.bundle
        fresh = [each for each in self._fresh if each.number > base.manifest.catalogue_cursor]
        bundle = extension.of(fresh)
        name = name_of(base.version, fresh)
        return Model.of(bundle, engine if bundle.paper_count == base.paper_count else Engine(bundle), name)

    def _due(self, signature: _Signature) -> bool:
        failure = self._failure
        return failure is None or failure.signature != signature or self._clock() >= failure.again_at

    def _refuse(self, name: str, signature: _Signature, error: Exception) -> None:
        detail = _detail_of(error)
        signature = signature or (name, detail)
        if not self._due(signature):
            return
        self._failure = self._failed(signature, error)
        refusal = Refusal(name, detail)
        others = tuple(each for each in self._refusals if each != refusal)
        self._refusals = (*others, refusal)[-MAX_REFUSED:]
        kept = self.trained.version if self.trained else ""
        log.error("model refused", model_version=name, detail=detail, still_serving=kept)

    def _failed(self, signature: _Signature, error: Exception) -> _Failure:
        if isinstance(error, CorruptData):
            return _Failure(signature, math.inf, math.inf)
        before = self._failure
        pause_s = FIRST_PAUSE_S
        if before is not None and before.signature == signature:
            pause_s = min(2 * before.pause_s, LONGEST_PAUSE_S)
        return _Failure(signature, pause_s, self._clock() + pause_s)


def _detail_of(error: Exception) -> str:
    return str(error) if isinstance(error, CociteError) else f"it cannot be loaded ({type(error).__name__})"


def _fingerprint(directory: Path) -> _Signature:
    """Changes when a file of the bundle does, so that a copy still under way when first seen is tried again."""
    if not directory.is_dir():
        return ()
    stats = ((entry.name, entry.stat()) for entry in sorted(directory.iterdir()))
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


class Watcher:
    """A thread that polls. on_change is called after each swap, from that thread."""

    def __init__(self, models: Models, poll_s: float, on_change: Callable[[], None]) -> None:
        self._models = models
        self._poll_s = poll_s
        self._on_change = on_change
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)

    def start(self) -> None:
        """Poll once here and now, then in the background."""
        self._look()
        self._thread.start()

    def close(self) -> None:
        """Stop polling; returns when a load under way is done, or after a few seconds without it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while not self._stop.wait(self._poll_s):
            self._look()

    def _look(self) -> None:
        if self._models.poll():
            self._on_change()
