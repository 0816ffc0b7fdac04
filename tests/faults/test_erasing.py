"""An account whose server dies while it is erased: closed or not, and in the end nothing of it is left."""

import os
from pathlib import Path

import pytest

from tests.faults.asking import ask, eventually, post
from tests.faults.test_between import FEWEST, Mortal
from tests.pictures import picture
from tests.server.running import Instance

ALL = os.environ.get("FEDCOMM_TEST_FAULT_WRITES") == "all"
MOMENTS = range(1, 200) if ALL else (4, 31)  # while it is closed, and while it is erased


def left(server: Instance, name: str) -> tuple[int, ...]:
    """Of somebody: whether they can sign in, whether they are gone, posts with a text, pictures, votes."""
    who = f"(SELECT id FROM actor WHERE username = '{name}')"
    (found,) = ask(
        server,
        f"SELECT (SELECT COUNT(*) FROM account WHERE actor_id = {who}),"
        f" (SELECT COUNT(*) FROM actor WHERE id = {who} AND deleted_at IS NOT NULL),"
        f" (SELECT COUNT(*) FROM post WHERE author_id = {who} AND source <> ''),"
        f" (SELECT COUNT(*) FROM media WHERE owner_id = {who}),"
        f" (SELECT COUNT(*) FROM reaction WHERE actor_id = {who})",
    )
    return tuple(found)


def sent(server: Instance, token: str) -> str:
    """The id of a picture that the owner of the token has sent."""
    head = b'--7\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    fields = {"authorization": f"Bearer {token}", "content_type": "multipart/form-data; boundary=7"}
    made = server.ask("POST", "/api/v2/media", head + picture() + b"\r\n--7--\r\n", **fields)
    assert made.status in (200, 202), made.body
    return str(made.json["id"])


@pytest.mark.attack("ADM-22")
@pytest.mark.parametrize("dialect", ["sqlite", "postgres"] if ALL else ["sqlite"])
def test_an_account_is_closed_and_erased_wholly_wherever_the_server_dies(server: Instance, tmp_path: Path) -> None:
    mortal = Mortal(server, tmp_path)
    mortal.start()
    bob, died = server.person("bob"), True
    liked = post(server, bob, "What grows in shade?").json["id"]

    for number, moment in enumerate(MOMENTS):
        name = f"anna{number}"
        token = server.person(name)
        assert post(server, token, "A fern", media_ids=[sent(server, token)]).status == 200
        assert post(server, token, "And a hosta").status == 200
        assert server.ask("POST", f"/api/v1/statuses/{liked}/favourite", authorization=f"Bearer {token}").status == 200
        mortal.dies_at(moment)
        server.command("account", "delete", name)
        died = eventually(lambda: mortal.dead, 2.0)
        there = left(server, name)
        assert there[:2] in ((1, 0), (0, 1)), "closed or not"

        mortal.lives()
        if there[0]:
            assert server.command("account", "delete", name).returncode == 0
        assert eventually(lambda name=name: left(server, name) == (0, 1, 0, 0, 0))
        ((likes,),) = ask(server, "SELECT likes_count FROM post WHERE id = ?", (int(liked),))
        assert likes == 0, "counted no more, once"
        assert eventually(lambda: ask(server, "SELECT 1 FROM erasure WHERE done_at IS NULL") == [])
        (told,) = ask(server, "SELECT COUNT(*) FROM outbox WHERE uri LIKE ?", (f"%/users/{name}#delete",))
        assert told == (1,)
        assert [path for path in (server.data / "media").rglob("*") if path.is_file()] == []
        if not died:
            assert moment > FEWEST
            break
    assert not ALL or not died
