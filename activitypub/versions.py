"""Files that are asked for again and again: which version one has, and whether there is another."""

from collections.abc import Mapping

import msgspec

_LONGEST = 300  # characters of what names a version


class Version(msgspec.Struct, frozen=True):
    """By what a server tells one version of a file from another (RFC 9110 §8.8); '' where it says nothing."""

    etag: str = ""
    modified: str = ""

    @classmethod
    def told(cls, headers: Mapping[str, str]) -> "Version":
        """What an answer says; what is too long says nothing."""
        said = (headers.get("etag", ""), headers.get("last-modified", ""))
        return cls(*(value if len(value) <= _LONGEST else "" for value in said))

    @property
    def condition(self) -> dict[str, str]:
        """The headers that ask for another version only (RFC 9110 §13.1)."""
        asked = {"if-none-match": self.etag, "if-modified-since": self.modified}
        return {name: value for name, value in asked.items() if value}


class Text(msgspec.Struct, frozen=True):
    """A file as it is now."""

    body: bytes
    version: Version
