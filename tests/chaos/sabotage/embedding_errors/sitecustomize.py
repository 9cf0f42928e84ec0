"""A failure of the embedding service is an error of whoever asks for papers, not a shortcoming of the answer."""

from cocite.core.errors import CociteError
from cocite.recommender.clients import EmbeddingClient

_embed = EmbeddingClient.embed


def _unguarded(self, texts, deadline):
    try:
        return _embed(self, texts, deadline)
    except CociteError as error:
        raise RuntimeError("the embedding service failed") from error


EmbeddingClient.embed = _unguarded
