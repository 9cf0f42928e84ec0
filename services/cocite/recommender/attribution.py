"""Attribution tokens: a name for an answer, so that events that follow from it can be told apart."""

import base64
import hashlib
from collections.abc import Sequence


def attribution_token(request: bytes, model_version: str, paper_ids: Sequence[str]) -> str:
    """The same for the same request bytes, model version and papers in their order; 22 characters of base64url."""
    name = hashlib.blake2b(digest_size=16, person=b"cocite-answer")
    for part in (request, model_version.encode(), "\n".join(paper_ids).encode()):
        name.update(hashlib.blake2b(part, digest_size=16).digest())
    return base64.urlsafe_b64encode(name.digest()).rstrip(b"=").decode()
