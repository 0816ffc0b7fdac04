"""What a request asks for: query, form, multipart or JSON, merged and turned into one typed struct."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from web import languages
from web.errors import Refusal

MAX_BYTES = 1_048_576  # of a body that is no upload
MAX_FIELDS = 1_000
MAX_KIND = 1_000  # characters of the content type of a form
MAX_DEPTH = 4  # of names such as poll[options][]

_YES = frozenset({"true", "1", "t", "yes", "on"})
_NO = frozenset({"false", "0", "f", "no", "off"})
_NOTHING = frozenset({"", "none", "null", "undefined"})  # what clients write for "not given"
_STEP = re.compile(r"\[([^\[\]]*)\]")
_CHARSET = re.compile(r"charset[^=;]*=[\s\"']*([^\s\"';]*)")
_UTF8 = frozenset({"utf-8", "utf8"})
_WHOLE = re.compile(r"[+-]?\d{1,19}")

T = TypeVar("T", bound=msgspec.Struct)


class Field(msgspec.Struct, frozen=True):
    """One field of a struct that a request can fill."""

    attribute: str
    name: str
    kind: Any  # str, int, float, bool or a struct
    many: bool
    required: bool


async def read(request: Request, struct: type[T]) -> T:
    """The parameters as `struct`; unknown ones are ignored, missing ones keep their default.

    Raises:
        Refusal: 400 for a body that cannot be read, 413 for a long one, 422 with a sentence for a wrong type.
    """
    return filled(await merged(request), struct)


async def merged(request: Request) -> dict[str, Any]:
    """Everything the request says: what is in the body wins over the query."""
    values = _nested(_pairs(request.scope["query_string"].decode("latin-1")))
    if request.method not in ("GET", "HEAD"):
        values |= await _body(request)
        if isinstance(named := values.get("lang"), str):
            request.scope[languages.NAMED] = named
    return values


async def anywhere(request: Request, struct: type[T]) -> T:
    """As `read`, also of the body of a GET, which some programs send (Mastodon.py)."""
    values = _nested(_pairs(request.scope["query_string"].decode("latin-1")))
    return filled(values | await _body(request), struct)


def filled(values: Mapping[str, Any], struct: type[T]) -> T:
    """What `merged` gave as `struct`; for requests that speak of two things at once.

    Raises:
        Refusal: 422 with a sentence for a wrong type.
    """
    return _struct(values, struct, "")


def query(request: Request, struct: type[T]) -> T:
    """As `read`, of the query alone."""
    return filled(_nested(_pairs(request.scope["query_string"].decode("latin-1"))), struct)


def nested(query_string: bytes) -> dict[str, Any]:
    """The parameters in a query, for `filled`; where there is no request."""
    return _nested(_pairs(query_string.decode("latin-1")))


def number(request: Request, name: str = "id") -> int:
    """The id in the path; 0, which nothing has, when it is no number."""
    value = request.path_params[name]
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


async def _body(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _multipart(request)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Refusal(413, "The request is longer than {most} bytes.", most=MAX_BYTES)
    if not body.strip():
        return {}
    if "json" in kind or (kind != "application/x-www-form-urlencoded" and body.lstrip()[:1] in b"{["):
        return _json(bytes(body))
    return _nested(_pairs(body.decode(errors="replace")))


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refusal(422, "There are more than {most} parameters.", most=MAX_FIELDS) from None


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Refusal(400, "The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise Refusal(422, "The body must be a JSON object.")
    return _unbracketed(value)


def _unbracketed(value: dict[str, Any]) -> dict[str, Any]:
    """Some clients write the names of forms in JSON: "media_ids[]", "source[privacy]"."""
    if not any("[" in name for name in value):
        return value
    plain = {name: given for name, given in value.items() if "[" not in name}
    pairs = ((name, given) for name, given in value.items() if "[" in name)
    return plain | _nested((n, each) for n, given in pairs for each in (given if isinstance(given, list) else [given]))


async def _multipart(request: Request) -> dict[str, Any]:
    """The parts of a form. In UTF-8 only: 400 kB that call themselves `punycode` would take 13 s to decode."""
    kind = request.headers["content-type"].lower()
    if len(kind) > MAX_KIND:  # 32 kB of "charset" would take 0.2 s to look through (attack NET-23)
        raise Refusal(400, "The form cannot be read: {reason}", reason="Content-Type is too long.")
    if any(name not in _UTF8 for name in _CHARSET.findall(kind)):
        raise Refusal(400, "A form must be written in UTF-8.")
    try:
        form = await request.form(max_files=20, max_fields=MAX_FIELDS, max_part_size=MAX_BYTES)
    except MultiPartException as error:
        raise Refusal(400, "The form cannot be read: {reason}", reason=error.message) from None
    return _nested(form.multi_items())


def _nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """`a[]=1&a[]=2&b[c]=3` → {"a": ["1", "2"], "b": {"c": "3"}}."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        base, bracket, rest = name.partition("[")
        steps = [base, *_STEP.findall(bracket + rest)] if bracket else [base]
        if len(steps) <= MAX_DEPTH:
            _put(found, steps, value)
    return found


def _put(place: dict[str, Any], steps: list[str], value: Any) -> None:
    """Lists stay dicts of their positions until the struct says that they are lists."""
    for at, step in enumerate(steps[:-1]):
        if at and step == "":  # things[][a]=1&things[][b]=2: one thing, until a name comes again
            step = str(len(place) - (bool(place) and steps[at + 1] not in place[str(len(place) - 1)]))
        inner = place.get(step)
        if not isinstance(inner, dict):
            inner = place[step] = {}
        place = inner
    last = steps[-1]
    if last == "":
        place[str(len(place))] = value
    elif last in place and not isinstance(place[last], dict):
        place[last] = [*place[last], value] if isinstance(place[last], list) else [place[last], value]
    else:
        place[last] = value


@lru_cache(maxsize=512)
def _fields(struct: type[msgspec.Struct]) -> tuple[Field, ...]:
    hints = get_type_hints(struct)
    return tuple(_field(field, hints[field.name]) for field in msgspec.structs.fields(struct))


def _field(field: Any, kind: Any) -> Field:
    if get_origin(kind) in (Union, UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    many = get_origin(kind) is list
    return Field(field.name, field.encode_name, get_args(kind)[0] if many else kind, many, field.required)


def _struct(values: Mapping[str, Any], struct: type[T], path: str) -> T:
    given: dict[str, Any] = {}
    for field in _fields(struct):
        value = values.get(field.name)
        if value is None:
            continue
        name = f"{path}[{field.name}]" if path else field.name
        read = _many(value, field.kind, name) if field.many else _one(value, field.kind, name)
        if read is not None:
            given[field.attribute] = read
    for field in _fields(struct):
        if field.required and field.attribute not in given:
            raise Refusal(422, "“{name}” is missing.", name=f"{path}[{field.name}]" if path else field.name)
    return struct(**given)


def _many(value: Any, kind: Any, name: str) -> list[Any]:
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        value = [value[key] for key in sorted(value, key=int)]
    if not isinstance(value, list):
        value = [value]
    if len(value) > MAX_FIELDS:
        raise Refusal(422, "“{name}” has too many values.", name=name)
    found = (_one(each, kind, name) for each in value)
    return [each for each in found if each is not None]


def _one(value: Any, kind: Any, name: str) -> Any:
    """The value as `kind`; None when it says nothing."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if not isinstance(value, dict):
            raise Refusal(422, "“{name}” must have parts.", name=name)
        return _struct(value, kind, name)
    if isinstance(value, list) and value and kind is not UploadFile:
        value = value[-1]  # the same name twice: the last one counts
    if kind is UploadFile:
        return value if isinstance(value, UploadFile) else None
    if isinstance(value, dict | list | UploadFile):
        raise Refusal(422, "“{name}” must be a single value.", name=name)
    return _scalar(value, kind, name)


def _scalar(value: Any, kind: Any, name: str) -> Any:
    text = str(value) if not isinstance(value, bool) else str(value).lower()
    if "\0" in text:
        raise Refusal(422, "“{name}” contains a character that is not text.", name=name)
    if kind is str:
        return text
    word = text.strip().lower()
    if word in _NOTHING:
        return None
    if kind is bool:
        if word in _YES or word in _NO:
            return word in _YES
        raise Refusal(422, "“{name}” must be true or false.", name=name)
    if kind is int:
        if not _WHOLE.fullmatch(word) or abs(int(word)) >= 1 << 63:
            raise Refusal(422, "“{name}” must be a whole number.", name=name)
        return int(word)
    raise Refusal(422, "“{name}” cannot be read.", name=name)
