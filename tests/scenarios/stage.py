"""A stage for cases of forged activities: an instance with people and groups, and hosts around it."""

import json
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from activitypub.keys import PrivateKey
from fedcomm import fetching, follows, groups
from storage import actors, posts
from storage import follows as stored
from storage.connect import rows
from storage.posts import Post
from tests.databases import Databases
from tests.fediverse import Fediverse, Instance, Person
from tests.forger import Face, Host, post

LOCAL = "https://ours.test"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
INBOXES = {"shared": "/inbox", "user": "/users/anna/inbox", "group": "/c/club/inbox", "closed_group": "/c/closed/inbox"}

_made: dict[str, str] = {}  # by dialect: a database with the people and groups of the cases


async def staged(databases: Databases, dialect: str) -> str:
    """A database with what the cases begin with; made once, they all get copies."""
    if dialect not in _made:
        fediverse = Fediverse(databases, dialect)
        here = await fediverse.instance("ours.test")
        anna, _bert = await here.person("anna"), await here.person("bert")
        await here.group("club", moderator=anna)
        await here.group("closed", moderator=anna, join_mode="approval")
        await anna.follow("club@ours.test")
        await anna.post("A post of ours @club@ours.test")
        await fediverse.settle()
        _made[dialect] = here.app.config.database_url
        await here.close()
    return _made[dialect]


class Stage:
    """One case: the instance under test, the hosts around it, and what came of it."""

    def __init__(self, fediverse: Fediverse, instance: Instance, vectors: dict[str, Any]) -> None:
        self.fediverse, self.instance = fediverse, instance
        self.hosts = {name: Host(fediverse, name) for name in vectors["hosts"].values()}
        self.faces: dict[str, Face] = {}
        for name, uri in vectors["actors"].items():
            raw = load_pem_private_key(vectors["private_keys_for_tests"][name].encode(), None)
            face = Face(self.hosts[uri.split("/")[2]], uri.rsplit("/", 1)[1], "", PrivateKey("rsa", raw))  # type: ignore[arg-type]
            face.uri, face.key_id = uri, f"{uri}#main-key"
            self.faces[name] = face
        self.statuses: list[int] = []
        self.places: dict[str, str] = {}
        self.user: Person
        self.other: Person
        self.note: Post

    async def look(self) -> None:
        """Find the people, groups and the post that the cases speak of."""
        here = self.instance
        self.user, self.other = await here.known("anna"), await here.known("bert")
        with here.here():
            club, closed = (await groups.named("club"))[1], (await groups.named("closed"))[1]
            note, announce = (await rows("SELECT post_id, uri FROM boost"))[0]
            found = await posts.by_id(note)
        assert found is not None
        self.note = found
        self.places = {
            "{LOCAL}": LOCAL, "{LOCAL_USER}": self.user.actor.uri, "{LOCAL_USER2}": self.other.actor.uri,
            "{LOCAL_GROUP}": club.uri, "{LOCAL_CLOSED_GROUP}": closed.uri, "{LOCAL_NOTE}": self.note.uri,
            "{LOCAL_GROUP_MODERATORS}": club.moderators, "{LOCAL_GROUP_FEATURED}": club.featured,
            "{LOCAL_GROUP_ANNOUNCE_OF_NOTE}": announce,
        }  # fmt: skip

    def fill(self, text: str) -> str:
        """The text with our URLs in it."""
        for place, url in self.places.items():
            text = text.replace(place, url)
        return text

    async def take(self, step: dict[str, Any]) -> None:
        """Do one step, and wait until nobody has anything to do."""
        if "local_follow" in step:
            await self._follow(**json.loads(self.fill(json.dumps(step["local_follow"])).replace('"from"', '"who"')))
        elif "local_ban" in step:
            await self.instance.ban((await self.group(step["local_ban"]["group"]))[1], step["local_ban"]["actor"])
        elif "local_accept" in step:
            face = (await self.group(step["local_accept"]["group"]))[1]
            with self.instance.here():
                member = await fetching.actor(self.instance.app, step["local_accept"]["actor"])
                await follows.accept(self.instance.app, face, member.id)
        else:
            await self.deliver(step)
        await self.fediverse.settle()

    async def deliver(self, step: dict[str, Any]) -> None:
        text = self.fill(step.get("raw_body") or json.dumps(step["deliver"]))
        inbox = INBOXES[step["inbox"]]
        if "as_fresh_actors_of" in step:
            for number in range(step["repeat"]):
                await self._by_somebody_new(json.loads(text), step["as_fresh_actors_of"], number, inbox)
            return
        by = self.faces[step["signed_by"]] if step.get("signed_by") else None
        answer = await post(self.instance, text.encode(), by, inbox, key_id=step.get("key_id", ""))
        self.statuses.append(answer.status_code)

    async def _by_somebody_new(self, activity: dict[str, Any], host: str, number: int, inbox: str) -> None:
        mallory = self.faces["mallory"]
        fresh = Face(self.hosts[host], f"fresh{number}", "Person", mallory.key)
        self.hosts[host].serve(fresh.uri, fresh.document())
        activity |= {"actor": fresh.uri, "id": f"{activity['id']}/{number}"}
        self.statuses.append((await post(self.instance, activity, fresh, inbox)).status_code)

    async def ask_to_follow(self, target: str) -> None:
        """Let the member of ours follow somebody."""
        await self.user.follow(target)

    async def _follow(self, who: str, to: str, accepted: bool = False) -> None:
        await self.ask_to_follow(to)
        await self.fediverse.settle()
        with self.instance.here():
            target = await actors.by_uri(to)
            asked = await stored.of(self.user.actor.id, target.id) if target else None
            assert asked is not None
            self.places[f"{{PENDING_FOLLOW_OF:{to}}}"] = asked.uri
        if accepted:
            by = next(face for face in self.faces.values() if face.uri == to)
            yes = {
                "@context": "https://www.w3.org/ns/activitystreams", "id": f"{to}/accepts/1", "type": "Accept",
                "actor": to, "object": {"id": asked.uri, "type": "Follow", "actor": who, "object": to},
            }  # fmt: skip
            assert (await post(self.instance, yes, by, INBOXES["user"])).status_code == 202

    async def group(self, uri: str) -> tuple[Any, Any]:
        from_uri = self.fill(uri).rsplit("/", 1)[1]
        with self.instance.here():
            return await groups.named(from_uri)

    async def relayed(self, uri: str) -> int:
        """How many announcements our groups published that carry the object as an activity."""
        with self.instance.here():
            bodies = [json.loads(found[0]) for found in await rows("SELECT body FROM outbox WHERE form = 'wrapped'")]
        return sum(1 for body in bodies if uri in json.dumps(body["object"]))
