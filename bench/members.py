"""Fills a group with members, ours and of other servers, without their sign-ups and Follows. `House.inside` runs it.

They go straight into the database, through the functions of `storage` by which members come in. Those elsewhere have
the key of the crowd (bench/crowd.py) and are spread over its servers; ours have none and write nothing.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

import storage.actors
import storage.connect
from activitypub import keys
from fedcomm import groups
from fedcomm.app import App
from fedcomm.config import load
from fedcomm.opening import opened
from storage import follows, members, peers
from storage.actors import Actor, Key
from storage.connect import Writes, apply, execute
from storage.follows import Follow
from storage.groups import Group
from storage.ids import next_id
from storage.members import Member

AT_ONCE = 500  # members in one transaction


class Crew(msgspec.Struct, frozen=True):
    """Who is to be in a group: of ours, and on each of these servers; the first of them is number `first`."""

    group: str
    local: int
    on_each: int
    first: int
    hosts: list[str]
    pem: str


def actor_of(host: str, number: int) -> str:
    """The id of one of those elsewhere."""
    return f"http://{host}/users/member{number}"


async def main(crew: Crew) -> None:
    """All of them are members."""
    app = await opened(load())
    try:
        with storage.connect.use(app.db):
            group, face = await groups.named(crew.group)
            now = next_id() >> 16
            for host in crew.hosts:
                writes = Writes()
                peers.meet(writes, host, now)
                await apply(writes)
                await peers.set_software(host, "mastodon", "4.5.0", "microblog", now)
            ours = [_ours(app, number, now) for number in range(crew.first, crew.first + crew.local)]
            theirs = [
                _theirs(host, number, now)
                for host in crew.hosts
                for number in range(crew.first, crew.first + crew.on_each)
            ]
            await _join(group, face, [*ours, *theirs], crew.pem, now)
            await execute("ANALYZE")
    finally:
        await app.close()


async def _join(group: Group, face: Actor, people: list[Actor], pem: str, now: int) -> None:
    public = keys.public_der(keys.load_public_pem(pem))
    for first in range(0, len(people), AT_ONCE):
        writes = Writes()
        for person in people[first : first + AT_ONCE]:
            storage.actors.insert(writes, person)
            if person.host:
                key = Key(f"{person.uri}#main-key", person.id, person.uri, "rsa", public, None, now, None)
                storage.actors.put_key(writes, key)
            asked = Follow(next_id(), person.id, face.id, "pending", f"{person.uri}#follow", 1, 0, now, None)
            follows.put(writes, asked)
            follows.accept(writes, asked, now)
            members.put(writes, Member(group.id, person.id, "joined", person.host, now, None))
        await apply(writes)


def _ours(app: App, number: int, now: int) -> Actor:
    name = f"member{number}"
    return _person(app.urls.person(name), "", name, app.urls.shared_inbox, now)


def _theirs(host: str, number: int, now: int) -> Actor:
    return _person(actor_of(host, number), host, f"member{number}", f"http://{host}/inbox", now)


def _person(uri: str, host: str, name: str, shared_inbox: str, now: int) -> Actor:
    return Actor(
        id=next_id(), uri=uri, kind="Person", host=host, username=name, username_key=name, handle_verified=1,
        name=name, summary="", summary_source="", url=uri, inbox=f"{uri}/inbox", shared_inbox=shared_inbox,
        outbox=f"{uri}/outbox", followers=f"{uri}/followers", following="", featured="", moderators="", icon="",
        image="", icon_media_id=None, image_media_id=None, fields="[]", also_known_as="[]", moved_to_id=None,
        moved_at=None, locked=0, bot=0, discoverable=1, indexable=0, followers_count=0, following_count=0,
        posts_count=0, last_post_at=None, published=now, created_at=now, updated_at=now, fetched_at=now,
        limited_at=None, suspended_at=None, deleted_at=None,
    )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Crew)))
