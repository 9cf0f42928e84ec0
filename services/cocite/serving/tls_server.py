"""TLS of a server, whose certificates may be replaced while it runs."""

from __future__ import annotations  # grpc's classes are generic in their stubs only

import grpc

from cocite.core.errors import InvalidArgument
from cocite.core.settings import PREFIX, Settings
from cocite.serving.tls_files import Material, TlsFiles, tls_files


def server_credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """What a server listens with, None for no TLS. Raises InvalidArgument for settings that cannot work.

    Each new connection is met with what the files hold then; those that are open stay open, for as long as any
    connection may.
    """
    files = tls_files(settings)
    if files is None:
        return None
    if settings.transport == "native":
        raise InvalidArgument(
            f"{PREFIX}TRANSPORT=native has no TLS",
            hint=f"leave {PREFIX}TRANSPORT out, or {PREFIX}TLS_CA with a proxy in front that ends TLS",
            field=f"{PREFIX}TRANSPORT",
        )
    if settings.tls_cert is None:
        raise InvalidArgument(f"a server with {PREFIX}TLS_CA needs {PREFIX}TLS_CERT", field=f"{PREFIX}TLS_CERT")
    if settings.tls_names and not settings.tls_mutual:
        raise InvalidArgument(
            f"{PREFIX}TLS_NAMES needs {PREFIX}TLS_MUTUAL: names are read in the certificates of clients",
            field=f"{PREFIX}TLS_NAMES",
        )
    told = files.current()
    return grpc.dynamic_ssl_server_credentials(
        _configuration(told),
        _Changes(files, told),  # type: ignore[arg-type]  # the stubs leave out that it may say None
        settings.tls_mutual,
    )


class _Changes:
    """What gRPC calls before each handshake: a new configuration, None while it is the one told last."""

    def __init__(self, files: TlsFiles, told: Material) -> None:
        self._files = files
        self._told = told

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        now = self._files.current()
        if now is self._told:
            return None
        self._told = now
        return _configuration(now)


def _configuration(material: Material) -> grpc.ServerCertificateConfiguration:
    assert material.key is not None and material.certificate is not None
    return grpc.ssl_server_certificate_configuration([(material.key, material.certificate)], material.ca)
