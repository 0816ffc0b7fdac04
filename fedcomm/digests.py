"""By what files are known again: the SHA-256 of their bytes, in hexadecimal digits."""

import asyncio
import hashlib

from fedcomm.errors import Invalid
from storage import blocked_files


async def of(content: bytes) -> str:
    """The digest of a file."""
    return await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())


async def check(*digests: str) -> None:
    """Nothing happens when none of these is blocked.

    Raises:
        Invalid: one is.
    """
    if await blocked_files.among(digests):
        raise Invalid("This picture is not allowed on this server. If that is a mistake, ask its admins.", field="file")
