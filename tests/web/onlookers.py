"""Posts for everybody, followers and single people, and everybody who might look at them in every place there is."""

from collections.abc import Callable, Iterator, Mapping

import httpx
import msgspec

import storage.groups
from fedcomm import blocks, follows, group_profile, groups, peers, posts, reactions
from fedcomm.app import App
from fedcomm.group_profile import Change
from fedcomm.posts import Draft
from storage import posts as stored
from storage.actors import Actor
from storage.connect import dialect, rows
from storage.posts import Post
from tests import build
from tests.people import person
from tests.web.client import bearer
from tests.web.federation import asking
from tests.web.oauth.browser import Browser

VISIBILITIES = ("public", "unlisted", "private", "direct")
FOR_ALL = VISIBILITIES[:2]
INSIDE = ("members", "local")  # of a group that is not for everybody: what is said in it has no other
HERE = ("author", "follower", "mentioned", "stranger", "pending", "joined", "warden", "boss", "blocked", "blocking")
ELSEWHERE = ("far stranger", "far follower", "far blocked", "shut out")
ANYBODY = "anybody"

Look = Callable[[str], str]  # the path of a place for one post


class Sight(msgspec.Struct, frozen=True):
    """What somebody found at one place: the visibilities of the posts of which there was a trace."""

    who: str
    place: str
    found: frozenset[str]


class World(msgspec.Struct):
    """A thread in a group whose answers, by one author, are one of each visibility."""

    app: App
    client: httpx.AsyncClient
    people: Mapping[str, Actor]
    tokens: dict[str, str]
    browsers: Mapping[str, Browser]
    starter: Post
    answers: Mapping[str, Post]
    files: Mapping[str, tuple[str, str]]  # the keys of the picture of each answer, and of its preview
    inside: str = ""  # of the group, where it is not for everybody

    @property
    def author(self) -> Actor:
        return self.people["author"]


def allowed(who: str, inside: str = "") -> frozenset[str]:
    """The rule once more, in other words than that of the storage; `inside` a group that is not for everybody."""
    if inside == "members":
        return frozenset((inside,) if who in ("author", "joined", "warden", "far joined") else ())
    if inside == "local":
        return frozenset((inside,) if who in HERE and who not in ("blocked", "blocking") else ())
    if who in ("author", "mentioned"):
        return frozenset(VISIBILITIES)
    if who in ("blocked", "blocking", "far blocked", "shut out"):
        return frozenset()
    return frozenset(VISIBILITIES[:3] if who in ("follower", "far follower") else FOR_ALL)


def canary(visibility: str) -> str:
    """A word that only the post of this visibility has."""
    return f"canary{visibility}"


async def made(app: App, client: httpx.AsyncClient, inside: str = "") -> World:
    """All of it, written, followed and blocked through the services; everything is in a group that is not for everybody
    with `inside`, which says for whom.
    """
    roles = {"warden": "moderator", "boss": "admin"}
    people = {name: await person(app, name, roles.get(name, "member")) for name in HERE}
    for name in (*ELSEWHERE, "far joined"):
        people[name] = await build.person(name.replace(" ", "_"), f"{name.replace(' ', '-')}.test")
        await asking.signs(people[name])
    author = people["author"]
    for name in ("follower", "blocked", "blocking"):
        await follows.follow(app, people[name], author.id)
    for name in ("far follower", "shut out"):
        await build.follow(people[name], author)
    await peers.set_policy(app, people["shut out"].host, "suspend")
    await build.follow(people["far blocked"], author)
    await build.follow(people["pending"], author, "pending")
    await groups.create(app, "bread", "Bread", "", "warden")
    face = (await groups.named("bread"))[1]
    if inside:
        await group_profile.change(app, "bread", Change(visibility=inside))
        group = await storage.groups.by_actor(face.id)
        assert group
        await build.join(people["far joined"], group)
    for name in ("author", "joined"):
        await follows.follow(app, people[name], face.id)
        if inside == "members":
            await follows.accept(app, face, people[name].id)
    starter = await _write(app, author, "@bread Rye #rye")
    levels = (inside,) if inside else VISIBILITIES
    answers = {
        visibility: await _write(
            app,
            author,
            f"@mentioned {canary(visibility)} before #rye",
            visibility="public" if inside else visibility,
            in_reply_to_id=starter.id,
        )
        for visibility in levels
    }
    files = {visibility: await _picture(app, post) for visibility, post in answers.items()}
    for visibility, post in answers.items():
        text = f"@mentioned {canary(visibility)} #rye"
        await posts.edit(app, author, post.id, Draft(text=text, in_reply_to_id=starter.id))
        await reactions.like(app, people["joined" if inside else "mentioned"], post.id)
    await blocks.block(app, author, people["blocked"].id)
    await blocks.block(app, people["blocking"], author.id)
    await build.block(author, people["far blocked"])
    tokens = {name: await build.token(people[name]) for name in HERE}
    browsers = {name: await Browser(client).signed_in(app, name) for name in HERE}
    return World(app, client, people, tokens, browsers | {ANYBODY: Browser(client)}, starter, answers, files, inside)


async def _write(app: App, author: Actor, text: str, **more: object) -> Post:
    found = await stored.by_id(await posts.create(app, author, Draft(text=text, **more)))  # type: ignore[arg-type]
    assert found
    return found


async def _picture(app: App, post: Post) -> tuple[str, str]:
    """A post has a picture, kept here; its key and that of its preview."""
    key, preview = await app.blobs.put(b"a picture"), await app.blobs.put(b"a small one")
    await build.insert(
        "media", id=post.id, owner_id=post.author_id, post_id=post.id, kind="image", mime="image/png", origin="upload",
        key=key, preview_key=preview, preview_mime="image/png", state="ready", created_at=0,
    )  # fmt: skip
    return key, preview


def own_places(world: World) -> Mapping[str, Look]:
    """Where a post is by itself: for the others there is nothing, as where there never was anything."""
    return {
        "status": lambda id: f"/api/v1/statuses/{id}",
        "several": lambda id: f"/api/v1/statuses?id[]={id}",
        "history": lambda id: f"/api/v1/statuses/{id}/history",
        "context": lambda id: f"/api/v1/statuses/{id}/context",
        "favourited by": lambda id: f"/api/v1/statuses/{id}/favourited_by",
        "reblogged by": lambda id: f"/api/v1/statuses/{id}/reblogged_by",
    }


def lists(world: World) -> Mapping[str, str]:
    """Where all posts that somebody may see must be."""
    return {
        "context of what they answer": f"/api/v1/statuses/{world.starter.id}/context",
        "posts of the author": f"/api/v1/accounts/{world.author.id}/statuses?limit=40",
    }


def public_lists() -> Mapping[str, str]:
    """Where no more than what somebody may see is, for anybody."""
    return {
        "public": "/api/v1/timelines/public?limit=40",
        "local": "/api/v1/timelines/public?local=true&limit=40",
        "tag": "/api/v1/timelines/tag/rye?limit=40",
        "search": "/api/v2/search?q=canary&type=statuses",
        "trends": "/api/v1/trends/statuses",
    }


def member_lists(world: World) -> Mapping[str, str]:
    """The same for who is signed in."""
    words = {f"search for {each}": f"/api/v2/search?q={canary(each)}&type=statuses" for each in world.answers}
    names = ("timelines/home", "notifications", "favourites", "bookmarks", "conversations")
    return words | {name: f"/api/v1/{name}?limit=40" for name in names} | {"grouped": "/api/v2/notifications?limit=40"}


def pages(world: World, who: str) -> Mapping[str, str]:
    """Pages on which posts are listed."""
    found = {"/": "/", "profile": "/@author", "tag": "/tags/rye", "group": "/c/bread"}
    own = {path: path for path in ("/home", "/notifications", "/favourites", "/bookmarks", "/search?q=mentioned")}
    return found | (own if who != ANYBODY else {})


def forms() -> tuple[str, ...]:
    """Pages on which something is done about a post, and a piece of it is shown."""
    return ("/write?to={id}", "/write/{id}/edit", "/write/{id}/delete", "/report?post={id}", "/find?q={uri}")


def documents(world: World) -> Mapping[str, str]:
    """Collections that other servers read."""
    return {
        "replies": f"/posts/{world.starter.id}/replies",
        "context": f"/posts/{world.starter.id}/context",
        "outbox": "/users/author/outbox?page=1",
        "group's outbox": "/c/bread/outbox",
        "featured": "/users/author/featured",
    }


def feeds(world: World) -> Mapping[str, str]:
    """What is the same for whoever asks, so that it may hold only what is for anybody."""
    return {
        "group": "/c/bread/feed.atom",
        "thread": f"/@author/{world.starter.id}/feed.atom",
        "author": "/@author/feed.rss",
        "tag": "/tags/rye/feed.json",
    }


async def single(world: World) -> list[Sight]:
    """What everybody finds where each post is by itself: the answer is 200, or 404."""
    sights = []
    for who in (*world.tokens, ANYBODY):
        for place, look in own_places(world).items():
            sights.append(await _by_each(world, who, place, look, _headers(world, who)))
        sights.append(await _by_browser(world, who))
        if who != ANYBODY:
            look = "/api/v1/statuses/{}/source".format
            sights.append(await _by_each(world, who, "source", look, _headers(world, who)))
        sights += await _of_files(world, who)
    for who in (*ELSEWHERE, "far joined", ANYBODY):
        for place in ("/posts/{}", "/posts/{}/create"):
            found = set()
            for visibility, post in world.answers.items():
                answer = await asking.ask(world.client, place.format(post.id), world.people.get(who))
                if _there(answer, world, visibility):
                    found.add(visibility)
            sights.append(Sight(who, place, frozenset(found)))
        sights += await _of_files(world, who) if who != ANYBODY else []
    return sights


async def listed(world: World) -> tuple[list[Sight], list[Sight]]:
    """What everybody finds in lists: those that hold all that they may see, and those that may hold less."""
    whole, part = [], []
    for who in (*world.tokens, ANYBODY):
        headers = _headers(world, who)
        for place, path in lists(world).items():
            whole.append(Sight(who, place, traces(world, await world.client.get(path, headers=headers))))
        wanted = public_lists() | (member_lists(world) if who != ANYBODY else {})
        for place, path in wanted.items():
            part.append(Sight(who, place, traces(world, await world.client.get(path, headers=headers))))
        for place, path in pages(world, who).items():
            part.append(Sight(who, f"page {place}", traces(world, await world.browsers[who].get(path))))
        for path in forms() if who != ANYBODY else ():
            part.append(Sight(who, f"form {path}", await _on_form(world, who, path)))
        thread = await world.browsers[who].get(f"/@author/{world.starter.id}")
        whole.append(Sight(who, "page of the thread", traces(world, thread)))
    for who in (*ELSEWHERE, "far joined", ANYBODY):
        for place, path in documents(world).items():
            answer = await asking.ask(world.client, path, world.people.get(who))
            part.append(Sight(who, f"document {place}", traces(world, answer)))
    for place, path in feeds(world).items():
        for who in (ANYBODY, "mentioned"):
            answer = await world.browsers[who].get(path)
            part.append(Sight(ANYBODY, f"feed of the {place}", traces(world, answer)))
    return whole, part


async def look(world: World, who: str, path: str) -> httpx.Response:
    """What somebody is answered: by a program at addresses of the client API, else in a browser or as a server."""
    if path.startswith("/api/"):
        return await world.client.get(path, headers=_headers(world, who))
    if who in ELSEWHERE or (who == ANYBODY and path.startswith("/posts")):
        return await asking.ask(world.client, path, world.people.get(who))
    return await world.browsers[who].get(path)


async def counted(world: World) -> int:
    """How many answers the thread is said to have, which is the same for whoever may read it."""
    path = f"/api/v1/statuses/{world.starter.id}"
    told = {who: await world.client.get(path, headers=_headers(world, who)) for who in (*world.tokens, ANYBODY)}
    (count,) = {answer.json()["replies_count"] for answer in told.values() if answer.status_code == 200}
    return int(count)


async def kept(word: str) -> set[str]:
    """The tables that hold a word, in whatever column; SQLite's index of words drops what is gone when it merges."""
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'post_text_%'"
    if dialect() == "postgres":
        names = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    tables = [found[0] for found in await rows(names)]
    return {table for table in tables if word in str(await rows(f'SELECT * FROM "{table}"'))}


def traces(world: World, answer: httpx.Response) -> frozenset[str]:
    """The visibilities of the posts that an answer holds, or only names."""
    assert answer.status_code in (200, 303, 403, 404), f"{answer.url}: {answer.status_code}"
    return frozenset(v for v, post in world.answers.items() if canary(v) in answer.text or str(post.id) in answer.text)


def _there(answer: httpx.Response, world: World, visibility: str) -> bool:
    """Whether a post is there. What is not there must be so like everything that never was."""
    if answer.status_code in (403, 404, 410) or answer.content == b"[]":
        assert canary(visibility) not in answer.text, answer.url
        return False
    assert answer.status_code == 200, f"{answer.url}: {answer.status_code} {answer.text}"
    return True


async def _by_each(world: World, who: str, place: str, look: Look, headers: dict[str, str]) -> Sight:
    found = set()
    for visibility, post in world.answers.items():
        answer = await world.client.get(look(str(post.id)), headers=headers)
        empty = place.endswith(" by") and answer.status_code == 200  # nobody boosted it, but one is told so
        if empty or _there(answer, world, visibility):
            found.add(visibility)
    return Sight(who, place, frozenset(found))


async def _by_browser(world: World, who: str) -> Sight:
    found = set()
    for visibility, post in world.answers.items():
        if _there(await world.browsers[who].get(f"/@author/{post.id}"), world, visibility):
            found.add(visibility)
    return Sight(who, "page", frozenset(found))


async def _of_files(world: World, who: str) -> list[Sight]:
    """Who gets the pictures of posts that are not for everybody, at addresses without a signature; of the others
    everybody does who has them, also who would not find the posts."""
    found: dict[str, set[str]] = {}
    for visibility, (key, preview) in world.files.items():
        whole, small = f"/media/{key}.png", f"/media/{preview}.png"
        if who in world.browsers:
            small_one = await world.client.get(small, headers=_headers(world, who))
            answers = {"file": await world.browsers[who].get(whole), "preview": small_one}
        else:
            answers = {"file for a server": await asking.ask(world.client, whole, world.people[who])}
        for place, answer in answers.items():
            assert answer.status_code in (200, 404), f"{answer.url}: {answer.status_code}"
            seen = found.setdefault(place, set())
            if answer.status_code == 200 and (visibility not in FOR_ALL or visibility in allowed(who)):
                seen.add(visibility)
    return [Sight(who, place, frozenset(visibilities)) for place, visibilities in found.items()]


async def _on_form(world: World, who: str, path: str) -> frozenset[str]:
    """The address has the id and may be shown again, so that only the words of a post give it away."""
    found = set()
    for visibility, post in world.answers.items():
        answer = await world.browsers[who].get(path.format(id=post.id, uri=post.uri))
        assert answer.status_code in (200, 303, 403, 404, 422), f"{answer.url}: {answer.status_code}"
        if canary(visibility) in answer.text:
            found.add(visibility)
    return frozenset(found)


def _headers(world: World, who: str) -> dict[str, str]:
    return bearer(world.tokens[who]) if who in world.tokens else {}


def seen(sights: list[Sight]) -> Iterator[str]:
    """Places where anybody saw anything: a place where nobody ever does is looked at in vain."""
    yield from sorted({sight.place for sight in sights if sight.found})
