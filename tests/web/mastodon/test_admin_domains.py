"""What admins decide about other servers with a program: as Mastodon's admin API has it, and for admins alone."""

from typing import Any

import httpx
import pytest

from fedcomm.app import App
from storage import audit, peers
from storage.connect import value
from tests import build
from tests.web.client import whichever_database
from tests.web.mastodon.member import Member, ids
from tests.web.mastodon.schema import Schema

pytestmark = pytest.mark.anyio

SCOPES = "admin:read admin:write read"
BLOCK: dict[str, Any] = {
    "severity": "suspend", "reject_media": True, "reject_reports": True, "private_comment": "Ask carol",
    "public_comment": "Spam", "obfuscate": True,
}  # fmt: skip


@pytest.fixture
async def boss(client: httpx.AsyncClient) -> Member:
    """An admin with a program."""
    return await Member.of(client, await build.person("boss", role="admin"), SCOPES)


async def test_a_block_is_made_shown_changed_and_taken_back(app: App, boss: Member) -> None:
    made = await boss.do("admin/domain_blocks", domain="Bad.Example", **BLOCK)

    assert made == BLOCK | {"id": made["id"], "domain": "bad.example", "created_at": made["created_at"],
                            "digest": made["digest"]}  # fmt: skip
    assert app.peers.blocked("below.bad.example") and app.peers.without_media("bad.example")
    assert (await audit.newest(1))[0].actor == "@boss"
    assert await boss.get(f"admin/domain_blocks/{made['id']}") == made
    changed = await boss.do(f"admin/domain_blocks/{made['id']}", "PUT", severity="silence", reject_media=False)
    assert changed == made | {"severity": "silence", "reject_media": False}
    assert app.peers.policy("bad.example") == "limit" and not app.peers.without_media("bad.example")
    assert await boss.do(f"admin/domain_blocks/{made['id']}", "DELETE") == {}
    assert app.peers.policy("bad.example") == "" and await boss.get("admin/domain_blocks") == []
    assert (await boss.refused("GET", f"admin/domain_blocks/{made['id']}"))[0] == 404


async def test_lists_have_pages_and_those_that_are_allowed_stand_apart(boss: Member) -> None:
    made = [await boss.do("admin/domain_blocks", domain=f"b{at}.example") for at in range(3)]
    allowed = await boss.do("admin/domain_allows", domain="good.example")

    pages = await boss.pages("admin/domain_blocks", limit=2)
    newer = await boss.get("admin/domain_blocks", min_id=made[0]["id"], limit=1)

    assert [ids(page) for page in pages] == [[made[2]["id"], made[1]["id"]], [made[0]["id"]]]
    assert ids(newer) == [made[1]["id"]] and made[0]["severity"] == "silence"
    assert await boss.get("admin/domain_allows") == [allowed] and set(allowed) == {"id", "domain", "created_at"}
    assert await boss.get(f"admin/domain_allows/{allowed['id']}") == allowed
    assert (await boss.refused("GET", f"admin/domain_blocks/{allowed['id']}"))[0] == 404
    assert (await boss.refused("DELETE", f"admin/domain_allows/{made[0]['id']}"))[0] == 404
    assert await boss.do(f"admin/domain_allows/{allowed['id']}", "DELETE") == {}
    assert await boss.get("admin/domain_allows") == []


async def test_what_is_decided_already_is_told_and_stays(boss: Member) -> None:
    made = await boss.do("admin/domain_blocks", domain="bad.example", **BLOCK)

    again = await boss.ask("POST", "admin/domain_blocks", json={"domain": "bad.example", "severity": "silence"})

    assert again.status_code == 422
    assert again.json() == {"error": "There is a block for this server already.", "existing_domain_block": made}
    assert await boss.get("admin/domain_blocks") == [made]


async def test_what_cannot_be_is_refused_and_changes_nothing(app: App, boss: Member) -> None:
    for wish in (
        {}, {"domain": "no name"}, {"domain": app.host}, {"domain": "bad.example", "severity": "explode"},
        {"domain": "bad.example", "severity": "noop"}, {"domain": "bad.example", "public_comment": "x" * 1001},
    ):  # fmt: skip
        assert (await boss.refused("POST", "admin/domain_blocks", **wish))[0] == 422, wish
    assert (await boss.refused("POST", "admin/domain_allows", domain=app.host))[0] == 422

    assert await value("SELECT COUNT(*) FROM peer") == 0
    assert await peers.decided() == []


@pytest.mark.attack("ADM-10")
async def test_nobody_else_is_told_or_decides(app: App, client: httpx.AsyncClient, boss: Member) -> None:
    made = await boss.do("admin/domain_blocks", domain="bad.example", **BLOCK)
    for role in ("member", "moderator"):
        other = await Member.of(client, await build.person(role, role=role), SCOPES)
        for method, path in (
            ("GET", "admin/domain_blocks"), ("GET", f"admin/domain_blocks/{made['id']}"),
            ("PUT", f"admin/domain_blocks/{made['id']}"), ("DELETE", f"admin/domain_blocks/{made['id']}"),
            ("POST", "admin/domain_blocks"), ("GET", "admin/domain_allows"), ("POST", "admin/domain_allows"),
        ):  # fmt: skip
            refused = await other.refused(method, path, domain="good.example")
            assert refused == (403, "This action is not allowed"), path

    assert await boss.get("admin/domain_blocks") == [made]


@whichever_database
async def test_answers_are_as_the_api_is_described(boss: Member) -> None:
    schema = Schema()
    made = await boss.do("admin/domain_blocks", domain="bad.example", **BLOCK)
    allowed = await boss.do("admin/domain_allows", domain="good.example")

    assert schema.wrong(made, {"$ref": "#/components/schemas/AdminDomainBlock"}) == []
    assert schema.wrong(allowed, {"$ref": "#/components/schemas/AdminDomainAllow"}) == []
