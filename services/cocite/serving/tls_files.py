"""Certificates and keys from files that may be replaced while the process runs."""

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from cocite.core.errors import InvalidArgument
from cocite.core.settings import PREFIX, Settings

log = structlog.get_logger("cocite.tls")

_LOOK_S = 1.0
_NO_PASSWORD = ""  # else OpenSSL asks for one on the terminal


@dataclass(frozen=True, slots=True)
class Material:
    """What the files held at one moment, PEM: authorities to believe, and a certificate chain with its key, or None."""

    ca: bytes
    certificate: bytes | None = None
    key: bytes | None = None


class TlsFiles:
    """The files that COCITE_TLS_CA, _CERT and _KEY name. Thread-safe.

    Files that do not belong together, as in the middle of being replaced, or cannot be read change nothing; the log
    says so. clock returns seconds, monotonic. Raises InvalidArgument when there is nothing good to begin with.
    """

    def __init__(
        self,
        ca: Path,
        certificate: Path | None = None,
        key: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ca, self._certificate, self._key = ca, certificate, key
        self._clock = clock
        self._look_at = clock() + _LOOK_S
        self._looking = threading.Lock()
        try:
            self._seen = self._mark()
            self._material = self._read()
        except (OSError, ValueError) as error:
            raise InvalidArgument(
                f"{PREFIX}TLS_CA, _CERT and _KEY: {_told(error)}",
                hint="they name files of PEM",
                field=f"{PREFIX}TLS_CA",
            ) from None

    def current(self) -> Material:
        """What the files hold, looked for once a second at most: the same object as long as it is the same."""
        if self._clock() >= self._look_at and self._looking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._looking.release()
        return self._material

    def _look(self) -> None:
        self._look_at = self._clock() + _LOOK_S
        try:
            mark = self._mark()
            if mark == self._seen:
                return
            material = self._read()
            if self._mark() != mark:  # replaced meanwhile
                return
        except (OSError, ValueError) as error:
            log.error("certificates refused, the last good ones count", error=_told(error))
            return
        self._seen, self._material = mark, material
        log.info("certificates", ca=str(self._ca), certificate=str(self._certificate or ""))

    def _read(self) -> Material:
        ca = self._ca.read_bytes()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=ca.decode("ascii"))
        if self._certificate is None or self._key is None:
            return Material(ca)
        context.load_cert_chain(self._certificate, self._key, _NO_PASSWORD)  # refuses a key of another certificate
        return Material(ca, self._certificate.read_bytes(), self._key.read_bytes())

    def _mark(self) -> tuple[tuple[int, ...], ...]:
        """Something that changes with the files."""
        told = [path.stat() for path in (self._ca, self._certificate, self._key) if path is not None]
        return tuple((each.st_ino, each.st_size, each.st_mtime_ns, each.st_ctime_ns) for each in told)


def tls_files(settings: Settings) -> TlsFiles | None:
    """The files that the settings name, None where TLS is off. Raises InvalidArgument for settings at odds."""
    ca, certificate, key = settings.tls_ca, settings.tls_cert, settings.tls_key
    if (certificate is None) != (key is None):
        raise _at_odds("TLS_CERT", "and TLS_KEY go together")
    if ca is None:
        if certificate is not None:
            raise _at_odds("TLS_CA", "is needed with a certificate: it turns TLS on")
        if settings.tls_names or settings.tls_server_name:
            raise _at_odds("TLS_NAMES" if settings.tls_names else "TLS_SERVER_NAME", "is of no use without TLS_CA")
        return None
    return TlsFiles(ca, certificate, key)


def _at_odds(name: str, why: str) -> InvalidArgument:
    return InvalidArgument(f"{PREFIX}{name} {why}", hint="see docs/authorisation.md", field=f"{PREFIX}{name}")


def _told(error: Exception) -> str:
    """An error without anything that files hold."""
    if isinstance(error, ssl.SSLError):
        return f"no certificates, or a key of another certificate ({error.reason or 'not PEM'})"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return "no PEM"
