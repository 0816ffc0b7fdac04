"""Every address of the server, asked by whoever may not read what is said in a group: nobody finds a trace of it."""

import asyncio
import re
from collections.abc import Iterable
from contextlib import AsyncExitStack

import httpx
import msgspec
import pytest

from fedcomm import (
    actors,
    attesting,
    bookmarks,
    clock,
    curation,
    elsewhere,
    follows,
    group_profile,
    groups,
    polls,
    posts,
    reactions,
    sharing,
)
from fedcomm.app import App
from fedcomm.group_profile import Change
from fedcomm.posts import Draft, PollDraft
from storage import copies, fragments
from storage import posts as stored
from storage.actors import Actor
from storage.connect import execute
from storage.copies import Copy
from tests import build
from tests.people import person
from tests.web.client import bearer, whichever_database
from tests.web.federation import asking
from tests.web.live import listening, subscribe
from tests.web.oauth.browser import Browser
from tests.web.test_privacy_streams import everything_said
from web.routes import compiled

pytestmark = [pytest.mark.anyio, pytest.mark.thorough("postgres")]

FAR = "far.test"
# Each word stands in one group alone; so do the names of who is in it, as far as others may not know that.
MEMBERS, LOCAL = "canarymembers", "canarylocal"
ABOUT = "canaryabout"  # what the group says of itself of which only this server knows
_CHANCE = re.compile(r'nonce[^ ;>]*|[A-Za-z0-9_-]{43}|name="key" value="[^"]*"')
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_ASKED_FOR = {"q": MEMBERS, "acct": "rye", "uri": "", "resource": "acct:rye@home.test", "type": "statuses"}


class World(msgspec.Struct, frozen=True):
    """A group for its members and one for this server; who wrote in them, and what."""

    app: App
    client: httpx.AsyncClient
    people: dict[str, Actor]
    faces: dict[str, Actor]
    posts: tuple[int, ...]
    files: dict[str, list[str]]  # by word: the addresses of pictures that hold it, without what opens them for a time

    def addresses(self, *about: int) -> Iterable[str]:
        """Every address that can be asked for, filled in with what there is, or with these numbers."""
        ids = about or (*self.posts, *(face.id for face in self.faces.values()), self.people["anna"].id)
        names = ["anna", "uma", "tag", *self.faces]
        for handler in compiled().handlers:
            if handler.method != "GET" or "/streaming" in handler.pattern or ":path" in handler.pattern:
                continue
            for name in names if "{name}" in handler.pattern else [""]:
                for number in ids if "{id}" in handler.pattern else [0]:
                    path = handler.pattern.replace("{name}", name).replace("{id}", str(number))
                    yield re.sub(r"\{\w+\}", "rye", path)
        yield from () if about else (path for paths in self.files.values() for path in paths)

    def told(self, word: str, text: str) -> bool:
        """Whether a text has the word in it, or says where such a picture is."""
        return word in text or any(path in text for path in self.files.get(word, ()))


@pytest.fixture
async def world(app: App, client: httpx.AsyncClient) -> World:
    """Threads with everything that somebody can do about one, and one who was there and left."""
    people = {name: await person(app, name) for name in ("anna", "berta", "otto", "emil")}
    faces = {}
    written: list[int] = []
    for name, visibility, word in (("rye", "members", MEMBERS), ("salt", "local", LOCAL)):
        about = ABOUT if visibility == "local" else ""
        await groups.create(app, name, name.title(), about, "berta", join_mode="approval")
        await group_profile.change(app, name, Change(visibility=visibility))
        faces[name] = (await groups.named(name))[1]
        for who in ("anna", "emil"):
            await follows.follow(app, people[who], faces[name].id)
            await follows.accept(app, faces[name], people[who].id)
        poll = PollDraft((f"{word} yes", f"{word} no"))
        thread = await posts.create(app, people["anna"], Draft(text=f"@{name} {word}\n\n#tag @emil @otto", poll=poll))
        answer = await posts.create(app, people["emil"], Draft(text="@anna Mine", in_reply_to_id=thread))
        await posts.edit(app, people["anna"], thread, Draft(text=f"{word}\n\n#tag @emil @otto, edited"))
        await reactions.like(app, people["emil"], thread)
        await bookmarks.add(app, people["emil"], thread)
        await polls.vote(app, people["emil"], thread, [0])
        written += [thread, answer]
    await _looked_after(app, people)
    for face in faces.values():
        await follows.unfollow(app, people["emil"], face.id)
    for name, host in (("far", FAR), ("near", "near.test")):
        people[name] = await build.person(name, host)
        await asking.signs(people[name])
    written += [await _shared(app), await _attested(people)]
    return World(app, client, people, faces, tuple(written), await _pictured(app, written))


async def _pictured(app: App, written: list[int]) -> dict[str, list[str]]:
    """A picture in each thread, also in that of the group of another server, of which there is a copy."""
    await actors.service(app)  # whose key signs addresses
    files: dict[str, list[str]] = {}
    for at, word in ((0, MEMBERS), (2, LOCAL), (-1, MEMBERS)):
        key, post = await app.blobs.put(word.encode()), await stored.by_id(written[at])
        assert post
        url = "" if at >= 0 else "https://told.test/picture.png"
        kept = {"key": key, "preview_key": await app.blobs.put(word.encode())} if at >= 0 else {"remote_url": url}
        await build.insert(
            "media", id=post.id, owner_id=post.author_id, post_id=post.id, kind="image", mime="image/png",
            origin="remote" if url else "upload", state="remote" if url else "ready", created_at=0, **kept,
        )  # fmt: skip
        await execute("UPDATE post SET attachments_count = 1 WHERE id = ?", (post.id,))
        if url:
            await copies.put(Copy(url, key, "image/png", 9, clock.now_ms(), clock.now_ms()), 100, 10)
            found = [elsewhere.address("", "m", post.id, url, "told.test")]
            found.append(elsewhere.still(found[0]))
        else:
            found = [f"/media/{kept['key']}", f"/media/{kept['preview_key']}"]
        files.setdefault(word, []).extend(found)
    fragments.here().clear()
    return files


async def _looked_after(app: App, people: dict[str, Actor]) -> None:
    """What stands in the log of the private group, and who was asked into it."""
    gone = await posts.create(app, people["anna"], Draft(text=f"@rye {MEMBERS} gone\n\nNever mind"))
    await curation.remove(app, people["berta"], gone, reason=f"{MEMBERS} reason")
    await curation.pin(app, people["berta"], await posts.create(app, people["anna"], Draft(text=f"@rye {MEMBERS} pin")))


async def _shared(app: App) -> int:
    """A thread for everybody, which is shown by a group that is for this server alone since then."""
    dina = await person(app, "dina")
    for name, title in (("corn", "Corn"), ("malt", LOCAL)):
        await groups.create(app, name, title, "", "berta")
        await follows.follow(app, dina, (await groups.named(name))[1].id)
    thread = await posts.create(app, dina, Draft(text="@corn Kernels"))
    await sharing.share(app, dina, thread, "malt")
    await group_profile.change(app, "malt", Change(visibility="local"))
    return thread


async def _attested(people: dict[str, Actor]) -> int:
    """What a private group of another server says that somebody wrote in it; anna is a member, emil was one."""
    group = await build.group("oats", "ring.test", visibility="members")
    for who in ("anna", "emil"):
        await build.join(people[who], group)
    await execute("UPDATE member SET state = 'left' WHERE group_id = ? AND actor_id = ?", (group.id, people["emil"].id))
    author = await build.person("vera", "told.test")
    told = {"visibility": build.MEMBERS, "group": group, "truth": attesting.TRUTH, "tags": ["tag"]}
    return (await build.post(author, MEMBERS, mentions=[people["otto"]], **told)).id


@whichever_database
@pytest.mark.attack("PRI-01", "PRI-02", "PRI-06", "PRI-15", "PRI-17", "PRI-18", "PRI-26", "PRI-28")
async def test_no_address_gives_away_what_is_said_in_a_group_to_who_may_not_read_it(world: World) -> None:
    browsers = {name: await Browser(world.client).signed_in(world.app, name) for name in ("anna", "otto", "emil")}
    tokens = {name: bearer(await build.token(world.people[name])) for name in browsers}
    nothing = (MEMBERS, LOCAL, ABOUT)
    hidden = {"nobody": nothing, "otto": (MEMBERS,), "emil": (MEMBERS,), "far": nothing, "anna": ()}
    found: dict[str, set[str]] = {who: set() for who in hidden}
    leaks, broken = [], []
    for path in world.addresses():
        for who, words in hidden.items():
            if (who == "far" and not _for_servers(path)) or (who == "anna" and found[who] == {*nothing}):
                continue
            answer = await _answer(world, who, path, browsers, tokens)
            if answer.status_code >= 500:
                broken.append((who, path))
            text = answer.text.replace(f"q={MEMBERS}", "").replace(f'value="{MEMBERS}"', "")
            found[who] |= {word for word in nothing if world.told(word, text)}
            leaks += [(who, path) for word in words if world.told(word, text)]

    assert leaks == [] and broken == []
    assert found["anna"] == {MEMBERS, LOCAL, ABOUT} and found["otto"] == {LOCAL, ABOUT}
    for word, who in ((MEMBERS, "anna"), (LOCAL, "otto")):
        for path in world.files[word]:
            assert (await _answer(world, who, path, browsers, tokens)).text == word, path


@whichever_database
@pytest.mark.attack("PRI-02", "PRI-06", "PRI-18", "PRI-25")
async def test_what_is_said_in_a_group_answers_to_who_may_not_read_it_as_what_never_was(world: World) -> None:
    """Whatever is asked of it or done to it, by its number or its address: the same status, words and headers."""
    browsers = {name: await Browser(world.client).signed_in(world.app, name) for name in ("otto", "emil")}
    tokens = {name: bearer(await build.token(world.people[name])) for name in browsers}
    csrf = {who: {"csrf": _CSRF.findall((await browsers[who].get("/write")).text)[0]} for who in browsers}
    thread, answer, *_, told = world.posts
    unlike, reached = [], set()
    for method, path, given in _questions():
        for who in ("nobody", "otto", "emil", "far"):
            if who in ("nobody", "far") and method != "GET":
                continue
            form = given | (csrf.get(who, {}) if not path.startswith("/api/") else {})
            never = await _asked(world, who, method, path, form, told + 2**20, browsers, tokens)
            reached |= {path} if never[0] in (200, 303, 404, 422) else set()
            for number in (thread, told, *((answer,) if who != "emil" else ())):  # what emil wrote is his
                if (found := await _asked(world, who, method, path, form, number, browsers, tokens)) != never:
                    unlike.append((who, method, path, form, found, never))

    assert unlike == [] and len(reached) > 120, len(reached)


@whichever_database
@pytest.mark.attack("PRI-25", "PRI-26", "PRI-28")
async def test_nothing_anywhere_changes_for_who_may_not_read_what_is_said_in_a_group(world: World) -> None:
    """Neither words nor numbers, times or order: whatever can be asked answers as before."""
    app, anna, berta, rye = world.app, world.people["anna"], world.people["berta"], world.faces["rye"]
    uma = await person(app, "uma")
    await posts.create(app, anna, Draft(text="Before, to everybody #tag"))
    browsers = {"otto": await Browser(world.client).signed_in(app, "otto")}
    tokens = {"otto": bearer(await build.token(world.people["otto"]))}
    addresses = list(world.addresses(world.posts[0], anna.id, rye.id, uma.id))
    places = [
        (who, path) for path in addresses for who in ("nobody", "otto", "far") if who != "far" or _for_servers(path)
    ]

    async def seen() -> list[str]:
        fragments.here().clear()
        return [_steady(await _answer(world, who, path, browsers, tokens)) for who, path in places]

    before = await seen()
    await follows.follow(app, uma, rye.id)
    await follows.accept(app, rye, uma.id)
    text = "@rye More\n\n#tag #other @otto @uma"
    thread = await posts.create(app, anna, Draft(text=text, poll=PollDraft(("Yes", "No"))))
    answer = await posts.create(app, uma, Draft(text="Mine #tag", in_reply_to_id=thread))
    await reactions.like(app, anna, answer)
    await curation.pin(app, berta, thread)
    await curation.remove(app, berta, answer)
    after = await seen()

    assert [(place, *both) for place, *both in zip(places, before, after, strict=True) if both[0] != both[1]] == []


def _for_servers(path: str) -> bool:
    """Whether other servers ask for it, and not only people and programs."""
    return path.startswith(
        ("/media/", "/users/", "/c/", "/posts/", "/activities/", "/actor", "/.well-known/", "/nodeinfo", "/@")
    )


def _steady(answer: httpx.Response) -> str:
    """What an answer says, without what is by chance in each page."""
    return f"{answer.status_code} {_CHANCE.sub('', answer.text)}"


def _questions() -> Iterable[tuple[str, str, dict[str, str]]]:
    """(method, path, form) of everything that can be asked or done about a post, `{id}` its number."""
    for handler in compiled().handlers:
        if "{id}" in handler.pattern:
            path = handler.pattern.replace("{name}", "anna")
            yield handler.method, re.sub(r"\{(?!id\})\w+\}", "1", path), {}
    for path in ("/write?to={id}", "/report?post={id}", "/api/v1/statuses?id[]={id}", "/share?post={id}"):
        yield "GET", path, {}
    for path in ("/find?q={uri}", "/search?q={uri}", "/visit?uri={uri}", "/authorize_interaction?uri={uri}",
                 "/api/v2/search?resolve=true&q={uri}", "/api/oembed?url={uri}"):  # fmt: skip
        for uri in ("https://home.test/posts/{id}", "https://home.test/@anna/{id}"):
            yield "GET", path.replace("{uri}", uri), {}
    yield "POST", "/api/v1/statuses", {"status": "Mine", "in_reply_to_id": "{id}"}
    yield "POST", "/api/v1/statuses", {"status": "Mine", "quoted_status_id": "{id}"}
    yield (
        "POST",
        "/api/v1/statuses",
        {"status": "Mine", "in_reply_to_id": "{id}", "scheduled_at": "2030-01-01T00:00:00Z"},
    )
    yield "POST", "/api/v1/polls/{id}/votes", {"choices[]": "0"}


async def _asked(
    world: World, who: str, method: str, path: str, form: dict[str, str], number: int, browsers: dict[str, Browser],
    tokens: dict[str, dict[str, str]],
) -> tuple[int, str, str]:  # fmt: skip
    path = path.replace("{id}", str(number))
    form = {key: value.replace("{id}", str(number)) for key, value in form.items()}
    if who == "far":
        answer = await asking.ask(world.client, path, world.people["far"])
    elif who == "nobody" or path.startswith("/api/"):
        world.client.cookies.clear()
        answer = await world.client.request(method, path, data=form, headers=tokens.get(who, {}))
    else:
        answer = await browsers[who].client.request(method, path, data=form if method != "GET" else {})
    text = _CHANCE.sub("", answer.text.replace(str(number), "NUMBER"))
    kept = [answer.headers.get(name, "") for name in ("location", "cache-control", "etag", "vary")]
    return answer.status_code, text, " ".join(kept).replace(str(number), "NUMBER")


@pytest.mark.attack("PRI-25", "PRI-26")
async def test_nobody_outside_is_told_who_or_how_many_are_in_a_private_group(world: World) -> None:
    face, anna = world.faces["rye"].id, world.people["anna"].id
    await follows.follow(world.app, world.people["otto"], anna)
    await follows.follow(world.app, world.people["berta"], anna)
    seen = {}
    for who in ("otto", "berta", "anna"):  # berta looks after it, and is no member
        token = bearer(await build.token(world.people[who]))
        account, followers, following, familiar = [
            (await world.client.get(f"/api/v1/accounts/{path}", headers=token)).json()
            for path in (
                face, f"{face}/followers", f"{anna}/following", f"familiar_followers?id[]={face}"
            )
        ]  # fmt: skip
        assert (account["followers_count"], account["statuses_count"], account["last_status_at"]) == (0, 0, None)
        among = [each["acct"] for each in familiar[0]["accounts"]]
        seen[who] = ([each["acct"] for each in followers], [each["acct"] for each in following], among)

    assert seen["otto"] == ([], ["salt"], [])
    assert seen["berta"] == (["anna"], ["salt", "rye"], ["anna"])
    assert seen["anna"] == (["anna"], ["oats@ring.test", "salt", "rye"], [])


@whichever_database
@pytest.mark.attack("PRI-26")
async def test_of_a_group_for_this_server_alone_nobody_else_learns(world: World) -> None:
    """Not that it is there, by any way to ask for an account."""
    face = world.faces["salt"].id
    token = bearer(await build.token(world.people["otto"]))
    places = (f"accounts/{face}", "accounts/lookup?acct=salt", f"accounts?id[]={face}", "/api/v2/search?q=salt")
    places = tuple(place if place[0] == "/" else f"/api/v1/{place}" for place in (*places, "directory", "suggestions"))

    for place in (*places, "/", "/groups", "/search?q=salt", "/c/salt", "/c/salt/join", "/@salt"):
        answer = await world.client.get(place)
        assert "Salt" not in answer.text and answer.status_code in (200, 303, 401, 404), place
    found = [(await world.client.get(place, headers=token)).text for place in places[:4]]
    assert all('"display_name":"Salt"' in text for text in found)


@whichever_database
@pytest.mark.attack("PRI-25", "PRI-26")
async def test_only_a_server_with_a_member_learns_which_other_has_one(world: World) -> None:
    """Whoever keeps what a member wrote has to know who may ask for it (Lemmy 1.0: check_is_follower)."""
    far, near = world.people["far"], world.people["near"]
    group, _face = await groups.named("rye")

    async def has_one(other: Actor, by: Actor | None) -> int:
        return (await asking.ask(world.client, f"/c/rye/followers?is_follower={other.uri}", by)).status_code

    nobody = [await has_one(far, near), await has_one(near, near), await has_one(near, None)]
    await build.join(near, group)
    one = [await has_one(far, near), await has_one(near, near), await has_one(near, far), await has_one(near, None)]
    await build.join(far, group)

    assert (nobody, one) == ([404] * 3, [404, 200, 404, 404])
    assert await has_one(far, near) == await has_one(near, far) == 200


@pytest.mark.attack("PRI-06", "PRI-22", "PRI-28")
async def test_no_stream_tells_of_a_private_group_to_who_is_not_in_it_any_more(world: World) -> None:
    face, names = world.faces["rye"], ("emil", "otto", "anna")
    await follows.follow(world.app, world.people["emil"], face.id)
    await follows.accept(world.app, face, world.people["emil"].id)
    await follows.follow(world.app, world.people["otto"], world.people["anna"].id)
    said: dict[str, list[str]] = {}
    async with listening(world.app) as place, AsyncExitStack() as stack:
        tokens = {name: await build.token(world.people[name]) for name in names}
        sockets = {name: await stack.enter_async_context(place.socket(tokens[name])) for name in names}
        for name, socket in sockets.items():
            for stream in ("user", "public"):
                await subscribe(socket, stream=stream)
            if name != "otto":  # who is not in it has no list of it
                await subscribe(socket, stream="list", list=str(face.id))
            said[name] = []
        for text in ("before", "after"):
            thread = await posts.create(world.app, world.people["anna"], Draft(text=f"@rye {text} {MEMBERS}\n\n@emil"))
            told = await asyncio.gather(*map(everything_said, sockets.values()))
            for name, heard_by in zip(names, told, strict=True):
                said[name].append(heard_by)
            await follows.unfollow(world.app, world.people["emil"], face.id)
            await posts.delete(world.app, world.people["anna"], thread)

    assert [text.count(MEMBERS) > 0 for text in said["emil"]] == [True, False]
    assert str(thread) not in said["emil"][1] and said["otto"] == ["", ""]  # what emil has read is taken from him
    assert all(MEMBERS in text for text in said["anna"]) and '"delete"' in said["anna"][1]


async def _answer(
    world: World, who: str, path: str, browsers: dict[str, Browser], tokens: dict[str, dict[str, str]]
) -> httpx.Response:
    if who == "far":
        return await asking.ask(world.client, path, world.people["far"])
    if who == "nobody":
        world.client.cookies.clear()
        return await world.client.get(path, params=_wish(path), headers={"accept": "text/html, application/json"})
    if path.startswith("/api/"):
        return await world.client.get(path, params=_wish(path), headers=tokens[who])
    return await browsers[who].get(path)


def _wish(path: str) -> dict[str, str]:
    if path == "/api/v1/accounts/lookup":
        return {"acct": "salt"}
    if path == "/visit":
        return {"uri": "https://home.test/c/salt"}
    return _ASKED_FOR if path.startswith(("/api/v2/search", "/api/v1/search", "/search", "/.well-known")) else {}
