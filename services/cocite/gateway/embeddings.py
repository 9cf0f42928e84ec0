"""The embeddings API of OpenAI, answered by the embedding service.

https://platform.openai.com/docs/api-reference/embeddings
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cocite.core.errors import CociteError, InvalidArgument, NotFound
from cocite.gateway.accounts import current
from cocite.gateway.answering import answering
from cocite.gateway.asking import Asker
from cocite.gateway.bodies import read_json
from cocite.gateway.http_errors import error_headers, status_of
from cocite.gateway.json_codec import decoded
from cocite.gateway.methods import Method
from cocite.gateway.timeouts import timeout_of
from cocite.gateway.weights import TEXT
from cocite.serving.deadline import Deadline
from cocite.v1 import embedding_service_pb2
from cocite.v1.vector_pb2 import VECTOR_DTYPE_FLOAT32

EMBEDDINGS, MODELS = "/v1/embeddings", "/v1/models"
_MOST_INPUTS = 2048  # as there
_AT_ONCE = 256  # texts that one call of ours takes
_FORMATS = ("float", "base64")


def routes(asker: Asker, methods: dict[str, Method], most_bytes: int) -> list[Route]:
    """Its routes that we serve; bodies are read up to most_bytes."""
    api = Embeddings(asker, methods)

    async def create(request: Request) -> Any:
        deadline = asker.deadline(timeout_of(request))
        return await api.create(decoded(await read_json(request, most_bytes)), deadline)

    async def models(request: Request) -> Any:
        model = await api.model(asker.deadline(timeout_of(request)))
        return {"object": "list", "data": [{"id": model, "object": "model", "owned_by": "cocite"}]}

    return [
        Route(EMBEDDINGS, answering(create, error_response), methods=["POST"]),
        Route(MODELS, answering(models, error_response), methods=["GET"]),
    ]


class Embeddings:
    """Answers in its terms, from our service."""

    def __init__(self, asker: Asker, methods: dict[str, Method]) -> None:
        named = {method.descriptor.name: method for method in methods.values()}
        self._asker = asker
        self._embed, self._describe = named["EmbedTexts"], named["GetEmbeddingModel"]

    async def model(self, deadline: Deadline) -> str:
        """Name and version of the model that embeds."""
        asked = embedding_service_pb2.GetEmbeddingModelRequest()
        return str((await self._asker.ask_within(deadline, self._describe, asked)).model_version)

    async def create(self, body: Any, deadline: Deadline) -> dict[str, Any]:
        """Vectors of the texts of a request, in their order.

        Raises InvalidArgument for what cannot be embedded, NotFound for another model than that which embeds.
        """
        texts, form = _texts(body), body.get("encoding_format") or _FORMATS[0]
        if form not in _FORMATS:
            raise InvalidArgument(f"encoding_format: must be one of {', '.join(_FORMATS)}", field="encoding_format")
        model = await self.model(deadline)
        asked = body.get("model")
        if not asked:
            raise InvalidArgument("model: is required", hint=f"there is: {model}", field="model")
        if not (isinstance(asked, str) and model.startswith(asked)):
            raise NotFound(f"the model {str(asked)[:100]!r} does not exist", hint=f"there is: {model}", field="model")
        await current.get().pay(TEXT * len(texts))  # for all, before the first are embedded
        found, model = await self._embedded(texts, deadline)
        if body.get("dimensions") not in (None, len(found[0].vector) // np.dtype("<f4").itemsize):
            raise InvalidArgument("dimensions: cannot be chosen with this model", field="dimensions")
        tokens = sum(each.token_count for each in found)
        return {
            "object": "list",
            "data": [
                {"object": "embedding", "index": place, "embedding": _told(each.vector, form)}
                for place, each in enumerate(found)
            ],
            "model": model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    async def _embedded(self, texts: Sequence[str], deadline: Deadline) -> tuple[list[Any], str]:
        """An embedding_service_pb2.Embedding for each text, and the model that they come from."""
        found: list[Any] = []
        model = ""
        for start in range(0, len(texts), _AT_ONCE):
            asked = embedding_service_pb2.EmbedTextsRequest(
                texts=texts[start : start + _AT_ONCE], dtype=VECTOR_DTYPE_FLOAT32
            )
            answer = await self._asker.ask_within(deadline, self._embed, asked)
            found += answer.embeddings
            model = answer.model_version
        return found, model


def _told(vector: bytes, form: str) -> str | list[float]:
    """As numbers, or as base64 of little-endian float32."""
    return base64.b64encode(vector).decode() if form == "base64" else np.frombuffer(vector, dtype="<f4").tolist()


def _texts(body: Any) -> Sequence[str]:
    given = body.get("input") if isinstance(body, dict) else None
    texts = [given] if isinstance(given, str) else given
    if not (isinstance(texts, list) and texts and all(isinstance(each, str) and each for each in texts)):
        raise InvalidArgument("input: must be a text, or a list of texts, none of them empty", field="input")
    if len(texts) > _MOST_INPUTS:
        raise InvalidArgument(f"input: at most {_MOST_INPUTS} texts can be embedded at once", field="input")
    return texts


def error_response(error: CociteError) -> Response:
    """An error in the form of their API."""
    told = {
        "message": str(error),
        "type": "invalid_request_error" if status_of(error) < 500 else "server_error",
        "param": error.field or None,
        "code": error.reason.lower(),
    }
    return Response(orjson.dumps({"error": told}), status_of(error), error_headers(error), "application/json")
