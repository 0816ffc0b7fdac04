"""The tree of what can go wrong between servers."""


class ProtocolError(Exception):
    """Another server said something that is not taken; saying it again will not help.

    The message is one short sentence that may be shown to the other side.
    """


class Malformed(ProtocolError):
    """It cannot be read: no such JSON, URL, header, key or date."""


class Forbidden(ProtocolError):
    """It can be read, and a rule is against it: another origin, a private address, a blocked host."""


class BadSignature(ProtocolError):
    """Nobody vouches for it: no signature, one that covers too little, or one that does not verify."""


class NotFound(ProtocolError):
    """Its home says 404."""


class Gone(ProtocolError):
    """Its home says 410, or shows a tombstone."""


class Unreachable(Exception):
    """No answer, or one that says "later" (5xx, 429); no verdict must be kept from it."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after  # seconds, when the other side named them
