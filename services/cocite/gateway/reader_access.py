"""Who may name a reader in which way: by reader_id only who has a key for that."""

from collections.abc import Collection

from cocite.core.errors import PermissionDenied
from cocite.gateway.methods import Method
from cocite.serving.keys import Scope
from cocite.serving.reader_names import names_reader


def check_reader(method: Method, request: bytes, scopes: Collection[Scope]) -> None:
    """Raises PermissionDenied for an encoded request that names a reader as a caller with these scopes may not."""
    if Scope.READERS not in scopes and names_reader(method.request, request):
        raise PermissionDenied(
            f"reader_id: naming readers needs a key for {Scope.READERS}",
            hint=f"cocite key create --scope {Scope.READERS}; a browser names itself by session_id",
            field="reader_id",
        )
