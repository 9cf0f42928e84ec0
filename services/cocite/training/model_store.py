"""Where models lie for machines that share no disk: an object store, a web server's folder, or a directory.

The layout is that of a bundles directory: VERSION/manifest.json, its files beside it, and CURRENT.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cocite.core.errors import CorruptData, InvalidArgument, NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SETTING = "COCITE_MODEL_STORE"
_SCHEMES = ("s3", "gs", "az", "https", "http", "file")
_CONNECT_TIMEOUT, _SILENCE, _FILE_TIMEOUT = "5s", "30s", "900s"
_RETRIES, _RETRIED_FOR = 4, timedelta(seconds=60)
_CHUNK = 1 << 20


class ModelStore:
    """Files by name at a URL: s3://, gs://, az://, https:// (to fetch only), http://, or file:// for a directory.

    Credentials are taken from where each cloud's own tools look: variables such as AWS_ACCESS_KEY_ID, or the
    identity of the machine. Raises InvalidArgument for another URL.
    """

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme not in _SCHEMES:
            hint = f"write {SETTING} as s3://BUCKET/FOLDER, gs://, az://, https:// or file:///DIRECTORY"
            raise InvalidArgument("the model store is no URL that is known", hint=hint, field=SETTING)
        self._store = _open(url)

    def read(self, name: str, most: int) -> bytes:
        """A small file. Raises NotFound, Unavailable, or CorruptData when it has more than most bytes."""
        return b"".join(self.chunks(name, most))

    def chunks(self, name: str, most: int) -> Iterator[bytes]:
        """The bytes of a file, a MiB or so at a time. Raises as read does."""
        import obstore

        done = 0
        with _told(name):
            for chunk in obstore.get(self._store, name).stream(_CHUNK):
                done += len(chunk)
                if done > most:
                    raise CorruptData(f"{name} in the model store has more than {most} bytes")
                yield bytes(chunk)

    def has(self, name: str, size: int) -> bool:
        """Whether a file of that many bytes is there. Raises Unavailable."""
        import obstore

        try:
            with _told(name):
                return bool(obstore.head(self._store, name)["size"] == size)
        except NotFound:
            return False

    def write(self, name: str, content: Path | bytes) -> None:
        """Put a file in place, whole or not at all. Raises Unavailable."""
        import obstore

        with _told(name):
            obstore.put(self._store, name, content)


def _open(url: str) -> "ObjectStore":
    from obstore.exceptions import BaseError
    from obstore.store import LocalStore, from_url

    parts = urlsplit(url)
    try:
        if parts.scheme == "file":
            return LocalStore(Path(parts.path), mkdir=True)
        plain = parts.scheme == "http"
        return from_url(
            url,
            client_options={
                "allow_http": plain,
                "connect_timeout": _CONNECT_TIMEOUT,
                "read_timeout": _SILENCE,
                "timeout": _FILE_TIMEOUT,
            },
            retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRIED_FOR},
        )
    except (BaseError, OSError) as error:
        raise InvalidArgument(f"the model store cannot be opened: {_first_line(error)}", field=SETTING) from None


@contextmanager
def _told(name: str) -> Iterator[None]:
    from obstore.exceptions import BaseError, NotFoundError

    try:
        yield
    except (FileNotFoundError, NotFoundError):
        raise NotFound(f"there is no {name} in the model store") from None
    except (BaseError, OSError) as error:
        raise Unavailable(f"{name} in the model store: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
