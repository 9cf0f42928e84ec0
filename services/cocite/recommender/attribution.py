"""Attribution tokens: a name for an answer, so that events that follow from it can be told apart."""

import base64
import hashlib


def attribution_token(request: bytes, model_version: str) -> str:
    """The same for the same request bytes under the same model version; 22 characters of base64url."""
    seen = hashlib.blake2b(request, digest_size=16, person=b"cocite-answer", salt=_salt(model_version)).digest()
    return base64.urlsafe_b64encode(seen).rstrip(b"=").decode()


def _salt(model_version: str) -> bytes:
    return hashlib.blake2b(model_version.encode(), digest_size=16).digest()
