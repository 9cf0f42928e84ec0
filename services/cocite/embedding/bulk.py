"""Many texts at once, for training: sorted by length, packed under a token budget, encoded by all workers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import numpy.typing as npt

from cocite.embedding.encoder import Encoder, TokenizedText
from cocite.embedding.encoders import worker_count
from cocite.embedding.packing import MAX_WASTE, padding_waste

BATCH_TOKENS = 512  # hidden states of more leave the second-level cache of a core
WINDOW = 4096  # texts in memory at once


def embed_corpus(
    encoder: Encoder,
    texts: Iterable[str],
    *,
    threads: int = 0,
    batch_tokens: int = BATCH_TOKENS,
    progress: Callable[[int], None] | None = None,
) -> npt.NDArray[np.float32]:
    """Vectors (number of texts, dimension), float32, L2 norm 1, in the order of the texts.

    threads encode at once, one a core where it is 0. progress is told how many texts are done so far.
    """
    remaining = iter(texts)
    parts: list[npt.NDArray[np.float32]] = [np.zeros((0, encoder.dimension), dtype=np.float32)]
    done = 0
    with ThreadPoolExecutor(worker_count(threads), thread_name_prefix="encoder") as pool:
        while window := list(islice(remaining, WINDOW)):
            tokens = encoder.tokenize(window)
            places = list(packed([len(text.token_ids) for text in tokens], batch_tokens))
            batches: list[list[TokenizedText]] = [[tokens[place] for place in batch] for batch in places]
            vectors = np.empty((len(window), encoder.dimension), dtype=np.float32)
            for batch, encoded in zip(places, pool.map(encoder.encode, batches), strict=True):
                vectors[batch] = encoded
                done += len(batch)
                if progress:
                    progress(done)
            parts.append(vectors)
    return np.concatenate(parts)


def packed(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Places of the texts in batches of at most budget tokens with padding, waste under MAX_WASTE, longest first.

    A text longer than the budget is a batch of its own.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if batch:
            fits = lengths[batch[0]] * (len(batch) + 1) <= budget
            if not fits or padding_waste([lengths[p] for p in (*batch, place)]) >= MAX_WASTE:
                yield batch
                batch = []
        batch.append(place)
    if batch:
        yield batch
