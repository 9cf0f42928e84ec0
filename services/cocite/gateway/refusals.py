"""Errors told before the application is asked, in the form of the API that was meant."""

from collections.abc import Callable

from starlette.responses import Response

from cocite.core.errors import CociteError
from cocite.gateway import connect, embeddings, semantic_scholar
from cocite.gateway.http_errors import error_response
from cocite.gateway.response_cache import Scope

_FORMS: tuple[tuple[str, Callable[[CociteError], Response]], ...] = (
    (f"{semantic_scholar.RECOMMENDATIONS}/", semantic_scholar.error_response),
    (f"{semantic_scholar.GRAPH}/", semantic_scholar.error_response),
    (embeddings.EMBEDDINGS, embeddings.error_response),
    (embeddings.MODELS, embeddings.error_response),
)
_CONNECT = "/cocite.v1."


def refusal(scope: Scope, error: CociteError) -> Response:
    """The answer to a request that fails with error."""
    path: str = scope["path"]
    if path.startswith(_CONNECT):
        content_type = dict(scope["headers"]).get(b"content-type", b"")
        return connect.error_response(error, content_type.decode("latin-1"))
    return next((form for prefix, form in _FORMS if path.startswith(prefix)), error_response)(error)
