"""An authority of the tests' own, and the files that a process with TLS is told of."""

from dataclasses import dataclass, field
from pathlib import Path

import trustme

from cocite.core.settings import Settings

HOST = "127.0.0.1"


@dataclass
class Identity:
    """Certificate, key and authorities in a directory, replaced as operators do: file by file, each in one step."""

    directory: Path
    authorities: list[trustme.CA] = field(default_factory=lambda: [trustme.CA()])

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.trust(*self.authorities)

    @property
    def ca(self) -> Path:
        return self.directory / "ca.pem"

    @property
    def certificate(self) -> Path:
        return self.directory / "cert.pem"

    @property
    def key(self) -> Path:
        return self.directory / "key.pem"

    def trust(self, *authorities: trustme.CA) -> None:
        self.authorities = list(authorities)
        _replace(self.ca, b"".join(each.cert_pem.bytes() for each in authorities))

    def issue(self, *names: str, by: trustme.CA | None = None, **more: object) -> "Identity":
        """A new certificate of the last authority that is trusted, or of another."""
        made = (by or self.authorities[-1]).issue_cert(HOST, *names, **more)  # type: ignore[arg-type]  # dates
        _replace(self.key, made.private_key_pem.bytes())
        _replace(self.certificate, b"".join(each.bytes() for each in made.cert_chain_pems))
        return self

    def settings(self, **more: object) -> Settings:
        """Of a process that has it."""
        files = {"tls_ca": self.ca, "tls_cert": self.certificate, "tls_key": self.key}
        return Settings(**{**files, "lame_duck_s": 0.0, "transport": "grpcio", **more})  # type: ignore[arg-type]


def _replace(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
