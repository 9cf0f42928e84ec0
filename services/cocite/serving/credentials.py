"""What a process shows to the services that it calls, and how it knows them."""

from dataclasses import dataclass

import grpc

from cocite.core.errors import InvalidArgument
from cocite.core.settings import PREFIX, Settings
from cocite.serving.tls_files import Material, TlsFiles, tls_files

AUTHORIZATION = "authorization"  # key of the metadata
BEARER = "Bearer "


@dataclass(frozen=True, slots=True)
class Credentials:
    """files: certificates, None for connections without TLS; server_name: what certificates of servers say instead of
    the host that is dialled, "" for that host; key: shown with each call, "" for none.
    """

    files: TlsFiles | None = None
    server_name: str = ""
    key: str = ""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What each call bears."""
        return ((AUTHORIZATION, BEARER + self.key),) if self.key else ()

    @property
    def options(self) -> dict[str, str]:
        """Options of a channel."""
        return {"grpc.ssl_target_name_override": self.server_name} if self.files and self.server_name else {}

    def __repr__(self) -> str:
        """Without the key, which is a secret."""
        return f"Credentials(tls={self.files is not None}, key={bool(self.key)})"


def credentials_of(settings: Settings) -> Credentials:
    """What the settings name. Raises InvalidArgument for settings that cannot work."""
    key = settings.api_key.get_secret_value()
    if not (key.isascii() and key.isprintable()):
        raise InvalidArgument(
            f"{PREFIX}API_KEY is no key", hint="`cocite key create` makes one", field=f"{PREFIX}API_KEY"
        )
    return Credentials(tls_files(settings), settings.tls_server_name, key)


def channel_credentials(material: Material) -> grpc.ChannelCredentials:
    """The same for gRPC."""
    return grpc.ssl_channel_credentials(material.ca, material.key, material.certificate)
