"""Files that come along with a request."""

from collections.abc import Mapping

from starlette.datastructures import UploadFile

from fedcomm import pictures
from fedcomm.app import App
from fedcomm.errors import Invalid
from fedcomm.pictures import Picture

_PURPOSES = {"icon": "avatar", "image": "header"}


async def content_of(file: UploadFile | None, field: str = "file") -> bytes:
    """What a file that came along holds; nothing when there is none.

    Raises:
        Invalid: it is too large; nothing of it is read then.
    """
    if file is None:
        return b""
    if (file.size or 0) > pictures.MOST_BYTES:
        raise Invalid("A picture may have {most} MB.", field=field, most=pictures.MOST_BYTES // 1_048_576)
    return await file.read()


async def pictures_of(app: App, sent: Mapping[str, UploadFile | None]) -> dict[str, Picture | None]:
    """The pictures for a profile among what was sent: `icon` and `image`. A field left empty sends a nameless file.

    Raises:
        Invalid: one of them is none; `field` is `avatar` or `header`.
    """
    found: dict[str, Picture | None] = {}
    for name, file in sent.items():
        if file is not None and file.filename:
            purpose = _PURPOSES[name]
            found[name] = await pictures.read(app.picture_turn, await content_of(file, purpose), purpose, purpose)
    return found
