"""Files from strangers: hostile pictures, names and ranges, as they come through the outermost layer."""

import io
import re
import struct
import time
import zipfile
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import web.app
from activitypub import attached
from fedcomm.app import App
from fedcomm.config import Config
from storage.connect import rows
from tests import build
from tests.pictures import picture
from tests.web.client import bearer, whichever_database
from web.guard import Guard
from web.pages import assets

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

NAMES = [
    "../../etc/passwd", "..\\..\\x", "/etc/cron.d/x", "%2e%2e%2f%2e%2e%2fx", "..%2f..%2fx", "a\0.png", "x" * 5000,
    "....//....//x", "C:\\x", "..", ".", "",
]  # fmt: skip


@pytest.fixture
async def outside(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the server through its outermost layer."""
    transport = httpx.ASGITransport(Guard(web.app.build(app), build.BASE))
    async with httpx.AsyncClient(transport=transport, base_url=build.BASE) as opened:
        yield opened


@pytest.fixture
async def token() -> str:
    """Of a member who may upload."""
    return await build.token(await build.person("anna"), "read write")


def png(width: int, height: int) -> bytes:
    """A picture of one colour, small to send and large to look at."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1_000_000), 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def gif(frames: int) -> bytes:
    """A picture that moves."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\x02\x02\x44\x01\0"
    return b"GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0" + frame * frames + b";"


def archive() -> bytes:
    """A zip with a link out of it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc")
        opened.writestr("../../climbed", "x")
    return made.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY f SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&b;&f;</text></svg>'
)
PICTURES = {
    "huge.png": png(30_000, 30_000),
    "long.gif": gif(100_000),
    "cut.png": png(100, 100)[:40],
    "both.png": b"GIF89a<script>alert(1)</script>" + png(1, 1),
    "entities.svg": ENTITIES,
    "located.jpg": b"\xff\xd8\xff\xe1\x00\x20Exif\0\0MM\0*\0\0\0\x08\0\x01\x88\x25" + bytes(40),
    "links.zip": archive(),
}


async def _kept(folder: Path) -> tuple[list[str], int]:
    """What is kept of uploads: files in the data directory and rows."""
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if ".db" not in path.name)
    return files, len(await rows("SELECT id FROM media", ()))


@pytest.mark.attack("NET-25")
@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("POST", "/api/v1/media", "file"),
        ("POST", "/api/v2/media", "file"),
        ("PATCH", "/api/v1/accounts/update_credentials", "avatar"),
        ("PATCH", "/api/v1/accounts/update_credentials", "header"),
    ],
)
@pytest.mark.parametrize("name", PICTURES)
async def test_a_hostile_picture_is_refused_and_nothing_of_it_is_kept(
    outside: httpx.AsyncClient, token: str, config: Config, method: str, path: str, field: str, name: str
) -> None:
    before = await _kept(config.data_dir)
    began = time.monotonic()

    answer = await outside.request(method, path, headers=bearer(token), files={field: (name, PICTURES[name])})

    assert answer.status_code == 422
    assert answer.json()["error"]
    assert time.monotonic() - began < 10  # of starting the process that looks at it, on a busy machine
    assert await _kept(config.data_dir) == before


@pytest.mark.attack("NET-25")
async def test_who_may_not_upload_is_refused_before_anything_is_read(outside: httpx.AsyncClient) -> None:
    pieces = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pieces
        while pieces < 10_000:
            pieces += 1
            yield bytes(65_536)

    answer = await outside.post("/api/v2/media", content=endless())

    assert answer.status_code == 401
    assert pieces < 100


@pytest.mark.attack("ORI-08")
async def test_a_file_is_never_a_document(outside: httpx.AsyncClient, token: str, config: Config) -> None:
    document = (
        b'{"@context": "https://www.w3.org/ns/activitystreams", "type": "Person", "id": "https://home.test/users/x"}'
    )
    wanted = {"accept": "application/activity+json"}
    before = await _kept(config.data_dir)

    uploaded = await outside.post(
        "/api/v2/media", headers=bearer(token), files={"file": ("x.json", document, "application/activity+json")}
    )
    pictured = await outside.post("/api/v2/media", headers=bearer(token), files={"file": ("x.json", picture("PNG"))})
    shown = [await outside.get(f"/static/{name}", headers=wanted) for name in assets._files]
    shown.append(await outside.get(pictured.json()["url"], headers=wanted))

    assert uploaded.status_code == 422 and shown[-1].headers["content-type"] == "image/png"
    assert (await _kept(config.data_dir))[1] == before[1] + 1
    for answer in [uploaded, *shown]:
        assert "activity" not in answer.headers["content-type"] and "ld+json" not in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.attack("NET-26")
@pytest.mark.parametrize("name", NAMES)
async def test_the_name_of_a_file_becomes_no_path(
    outside: httpx.AsyncClient, token: str, config: Config, name: str
) -> None:
    before = await _kept(config.data_dir), sorted(config.data_dir.parent.iterdir())
    disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'.encode()
    body = b"--x\r\n" + disposition + b"Content-Type: image/png\r\n\r\n" + png(1, 1) + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}

    for path in ("/api/v1/statuses", "/api/v1/apps"):
        answer = await outside.post(path, headers=headers | bearer(token), content=body)
        assert answer.status_code in (400, 422), answer.text
    assert (await _kept(config.data_dir), sorted(config.data_dir.parent.iterdir())) == before
    answer = await outside.post("/api/v2/media", headers=headers | bearer(token), content=body)

    files, pictures = await _kept(config.data_dir)
    assert answer.status_code in (200, 400, 422), answer.text
    assert all(re.fullmatch(r"media(/part|/[0-9a-f]{2}(/[0-9a-f]{30})?)?", file) for file in files)
    assert pictures == (answer.status_code == 200)
    assert sorted(config.data_dir.parent.iterdir()) == before[1]


@pytest.mark.attack("NET-26")
@pytest.mark.parametrize("name", NAMES)
def test_an_emoji_whose_name_could_be_a_path_is_none(name: str) -> None:
    icon = {"type": "Image", "url": "https://peer.example/emoji.png"}

    found = attached.tags([{"type": "Emoji", "name": f":{each}:", "icon": icon} for each in (name, "blobcat")])

    codes = {emoji.shortcode for emoji in found[2]}
    assert "blobcat" in codes
    assert codes <= {"blobcat", name.replace("\0", "")}  # what is no text at all is taken out of names
    assert not any("/" in code or "\\" in code or code in (".", "..") or len(code) > 100 for code in codes)


@pytest.mark.attack("NET-26")
@pytest.mark.parametrize(
    "path",
    ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "..%5capp.py", "....//app.py", "%2fetc%2fpasswd", "/etc/passwd",
     "style.css%00.png", "./style.css/../../app.py", "x" * 5000],
)  # fmt: skip
async def test_files_of_pages_are_found_by_their_names_alone(outside: httpx.AsyncClient, path: str) -> None:
    request = outside.build_request("GET", f"{build.BASE}/static/style.css")
    request.url = request.url.copy_with(raw_path=f"/static/{path}".encode())

    answer = await outside.send(request)

    assert answer.status_code in (400, 404)
    assert "import" not in answer.text


@pytest.mark.attack("NET-26", "PRI-15")
@pytest.mark.parametrize(
    "path",
    ["", "part", "3f", "3f/", "../fedcomm.db", "..%2ffedcomm.db", "%2e%2e/fedcomm.db", "3f/..%2f..%2ffedcomm.db",
     "3f/%2e%2e", "part/x", "3f/" + "0" * 30, "3f/" + "0" * 30 + ".jpg", "3f/" + "x" * 5000, "3f/a%00.png"],
)  # fmt: skip
async def test_nothing_but_pictures_is_found_below_media(outside: httpx.AsyncClient, token: str, path: str) -> None:
    await outside.post("/api/v2/media", headers=bearer(token), files={"file": ("x.png", picture("PNG"))})
    request = outside.build_request("GET", f"{build.BASE}/media/x")
    request.url = request.url.copy_with(raw_path=f"/media/{path}".encode())

    answer = await outside.send(request)

    assert answer.status_code in (400, 404) and len(answer.content) < 1000


@pytest.mark.attack("XSS-10")
@pytest.mark.parametrize(
    "name",
    [
        b'"odd\\".html"', b'"odd";filename*=UTF-8\'\'odd%0D%0Aset-cookie:x=y', b"odd.png; x=<script>odd</script>",
        '"\u202egnp.odd.exe"'.encode(), b'"' + b"odd" * 1300 + b'"', b'"odd%0D%0Aset-cookie: x=y.png"', b'"../../odd"',
    ],
)  # fmt: skip
@whichever_database
async def test_the_name_of_a_file_is_kept_nowhere_and_told_to_nobody(
    outside: httpx.AsyncClient, token: str, name: bytes
) -> None:
    head = b'--b\r\ncontent-disposition: form-data; name="file"; filename=' + name + b"\r\ncontent-type: image/png\r\n"
    body = head + b"\r\n" + picture("PNG") + b"\r\n--b--\r\n"
    fields = bearer(token) | {"content-type": "multipart/form-data; boundary=b"}

    sent = await outside.post("/api/v2/media", headers=fields, content=body)
    answer = await outside.get(sent.json()["url"])

    assert re.fullmatch(rf"{build.BASE}/media/[0-9a-f]{{2}}/[0-9a-f]{{30}}\.png", sent.json()["url"])
    assert answer.headers["content-disposition"] == "inline" and answer.headers["content-type"] == "image/png"
    for told in (sent, answer):
        assert "odd" not in str(told.headers) and b"odd" not in told.content and "set-cookie" not in told.headers
    assert "odd" not in str(await rows("SELECT * FROM media"))


@pytest.mark.attack("XSS-09", "XSS-19", "PRI-15")
async def test_a_picture_opened_by_itself_runs_nothing_and_is_nothing_else(
    outside: httpx.AsyncClient, token: str
) -> None:
    hidden = picture("PNG") + b"<html><script>alert(1)</script>"
    sent = await outside.post("/api/v2/media", headers=bearer(token), files={"file": ("x.html", hidden, "text/html")})

    answer = await outside.get(sent.json()["url"], headers={"accept": "text/html"})
    again = await outside.get(sent.json()["url"], headers={"if-none-match": answer.headers["etag"]})
    head = await outside.head(sent.json()["url"])

    assert answer.headers["content-type"] == "image/png" and b"script" not in answer.content
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'none'"} == set(policy)
    assert "immutable" in answer.headers["cache-control"] and "filename" not in answer.headers["content-disposition"]
    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(answer.content)))
    assert len(sent.json()["url"].rsplit("/", 1)[1].removesuffix(".png")) == 30  # nobody guesses 120 bits


@pytest.mark.attack("NET-28")
@pytest.mark.parametrize("count", [1, 500, 3_000])
async def test_a_request_for_many_parts_of_a_picture_costs_nothing(
    outside: httpx.AsyncClient, token: str, count: int
) -> None:
    sent = await outside.post("/api/v2/media", headers=bearer(token), files={"file": ("x.png", picture("PNG"))})
    ranges = "bytes=" + ",".join(f"{at}-{at}" for at in range(count))

    whole = await outside.get(sent.json()["url"])
    began = time.process_time()
    answer = await outside.get(sent.json()["url"], headers={"range": ranges})

    assert time.process_time() - began < 0.5
    assert (answer.status_code, answer.content) == (200, whole.content)


@pytest.mark.attack("NET-28")
@pytest.mark.parametrize("count", [1, 2, 500, 5_000, 10_000])
async def test_a_request_for_many_parts_of_a_file_costs_nothing(outside: httpx.AsyncClient, count: int) -> None:
    ranges = "bytes=" + ",".join(f"{at}-{at}" for at in range(count))
    whole = (assets.FOLDER / "header.png").read_bytes()
    took = []

    for _ in range(5):
        began = time.monotonic()
        answer = await outside.get("/static/header.png", headers={"range": ranges})
        took.append(time.monotonic() - began)

    assert min(took) < 0.05  # of several: the machine may have other things to do
    if len(ranges) > 32_000:
        assert answer.status_code == 431
    else:
        assert (answer.status_code, answer.content) == (200, whole)
