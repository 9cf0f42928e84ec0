"""The errors that callers of cocite may see. Transports translate them; see cocite.serving.status.

Each carries what went wrong in one sentence, and a hint that says what to do when there is something to do.
Anything that is not one of these is a bug and is answered INTERNAL with a fixed text.
"""


class CociteError(Exception):
    """Base of the family.

    message: one sentence, without trailing stop. hint: what to do about it, or "". field: the request field
    at fault in proto notation ("seeds.positive_ids[0]"), or "". retry_after_s: when a retry may help, or None.
    """

    reason = "ERROR"

    def __init__(self, message: str, *, hint: str = "", field: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.field = field
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InvalidArgument(CociteError):
    """The request, file or setting is wrong and will stay so."""

    reason = "INVALID_ARGUMENT"


class InvalidId(InvalidArgument):
    """A paper id that follows no known scheme."""

    reason = "INVALID_ID"


class NotFound(CociteError):
    """A named thing does not exist."""

    reason = "NOT_FOUND"


class Unauthenticated(CociteError):
    """The caller says who it is, and is not believed; or says nothing where it must."""

    reason = "UNAUTHENTICATED"


class PermissionDenied(CociteError):
    """The caller is known and may not do this."""

    reason = "PERMISSION_DENIED"


class NotReady(CociteError):
    """Something has to be done first: no model published, empty catalogue, missing model files."""

    reason = "NOT_READY"


class Overloaded(CociteError):
    """A bounded queue is full; nothing was started."""

    reason = "OVERLOADED"


class Unavailable(CociteError):
    """A store or service behind this one does not answer."""

    reason = "UNAVAILABLE"


class DeadlineExceeded(CociteError):
    """The caller's time is spent."""

    reason = "DEADLINE_EXCEEDED"


class CorruptData(CociteError):
    """Stored data fails its checksum or schema."""

    reason = "CORRUPT_DATA"
