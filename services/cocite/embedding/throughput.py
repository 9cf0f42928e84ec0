"""What the encoder's workers have done, and how long they will take for what is still to do."""

from dataclasses import dataclass

_KEPT = 0.9  # weight of the past when a batch is added: about the last ten batches count


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """Batches encoded since the start, the texts and tokens in them, and the tokens with padding.

    token_pairs: sum of the squared lengths, which attention goes by.
    """

    batches: int = 0
    texts: int = 0
    tokens: int = 0
    padded_tokens: int = 0
    token_pairs: int = 0

    def plus(self, lengths: list[int]) -> "BatchCounts":
        """These and one more batch, of texts of these lengths."""
        return BatchCounts(
            self.batches + 1,
            self.texts + len(lengths),
            self.tokens + sum(lengths),
            self.padded_tokens + len(lengths) * max(lengths),
            self.token_pairs + sum(length * length for length in lengths),
        )

    def since(self, earlier: "BatchCounts") -> "BatchCounts":
        """What came after an earlier look."""
        return BatchCounts(
            self.batches - earlier.batches,
            self.texts - earlier.texts,
            self.tokens - earlier.tokens,
            self.padded_tokens - earlier.padded_tokens,
            self.token_pairs - earlier.token_pairs,
        )


class Throughput:
    """Tokens a second of workers that encode side by side, over their last batches. Not thread-safe.

    Tokens and seconds are summed apart, so that a small batch, which is slower by the token, counts for little.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._tokens = 0.0
        self._seconds = 0.0

    def add(self, tokens: int, seconds: float) -> None:
        """One worker has encoded a batch."""
        self._tokens = _KEPT * self._tokens + tokens
        self._seconds = _KEPT * self._seconds + seconds

    def seconds(self, tokens: int) -> float:
        """How long all workers together take for these tokens; 0 until a batch was measured."""
        return tokens * self._seconds / self._tokens / self._workers if self._tokens else 0.0
