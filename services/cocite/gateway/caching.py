"""What answers say of being kept."""

from cocite.gateway.asking import Answer, may_be_kept


def cache_headers(answer: Answer, max_age_s: int) -> list[tuple[str, str]]:
    """ETag and Cache-Control: answers of a model may be kept for so long, what may be better in a moment never."""
    if not may_be_kept(answer.message()):
        return [("cache-control", "no-store")]
    return [("etag", answer.etag), ("cache-control", f"public, max-age={max_age_s}")]
