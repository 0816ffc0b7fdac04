"""What handlers of a batch need to know, read in one hop; handlers themselves ask nothing."""

from collections.abc import Sequence
from typing import Any

import msgspec

from activitypub.activities import Activity
from activitypub.contexts import PUBLIC
from activitypub.objects import Note
from fedcomm import clock, measuring, rights
from fedcomm.inbox import spoken
from fedcomm.standing import Standing, Written
from fedcomm.strangers import Verdict
from storage import (
    actors,
    blocks,
    boosts,
    circumstances,
    groups,
    held,
    locks,
    members,
    orphans,
    posts,
    registers,
    shares,
    visible,
)  # fmt: skip
from storage.actors import Actor
from storage.boosts import Boost
from storage.circumstances import Circumstances, Place
from storage.connect import read_many, rows
from storage.groups import Group
from storage.posts import Post
from storage.shares import Showing

_FOLLOWED = (
    "SELECT DISTINCT t.uri FROM follow f JOIN actor t ON t.id = f.target_id"
    " JOIN actor follower ON follower.id = f.follower_id AND follower.host = ''"
    " WHERE t.uri IN (?texts) AND f.state = 'accepted'"
)
_MEMBERS_OF = (
    "SELECT DISTINCT t.uri FROM follow f JOIN actor t ON t.id = f.target_id"
    " JOIN account c ON c.actor_id = f.follower_id"
    " WHERE t.id IN (?ints) AND f.state = 'accepted'"
)
_BOOSTS = f"SELECT {boosts.COLUMNS} FROM boost WHERE uri IN (?texts)"
_BOOSTS_BY = f"SELECT {boosts.COLUMNS} FROM boost WHERE actor_id IN (?ints) AND post_id IN (?ints)"
_NAMED = "SELECT post_id, actor_id FROM mention WHERE actor_id IN (?ints) AND post_id IN (?ints)"
_GROUPS = f"SELECT {groups.COLUMNS} FROM groups WHERE id IN (?ints)"
_ACTORS = f"SELECT {actors.COLUMNS} FROM actor WHERE id IN (?ints)"
_POSTS = f"SELECT {posts.COLUMNS} FROM post WHERE id IN (?ints)"
_MODERATORS = (
    "SELECT group_id, subject, value FROM register"
    " WHERE subject IN (?texts) AND property = 'role' AND value IS NOT NULL"
)

_Rows = Sequence[Sequence[Any]]


class Facts:
    """What was known when a batch began."""

    def __init__(self) -> None:
        self.actors: dict[str, Actor] = {}
        self.posts: dict[str, Post] = {}
        self.dead: set[str] = set()
        self.boosts: dict[str, Boost] = {}
        self.groups: dict[int, Group] = {}
        self.faces: dict[int, Actor] = {}
        self._roots: dict[int, Post] = {}
        self._closed: set[int] = set()
        self._authors: dict[int, Actor] = {}
        self._faces_boosts: dict[tuple[int, int], Boost] = {}
        self._naming: set[tuple[int, int]] = set()
        self._shown: set[tuple[int, int]] = set()
        self._group_of_face: dict[str, int] = {}
        self._bans: dict[tuple[int, str], str] = {}
        self._members: set[tuple[int, str]] = set()
        self._roles: dict[tuple[int, str], str] = {}
        self._leaders: dict[int, list[str]] = {}
        self._blockers: dict[str, set[int]] = {}
        self._followed: set[str] = set()
        self._early: dict[str, dict[int, str]] = {}
        self._shares: dict[int, list[Showing]] = {}
        self._ended: dict[tuple[int, str], str] = {}
        self._held: dict[tuple[str, int], str] = {}
        self._circumstances: dict[Place, Circumstances] = {}
        self.contacts: dict[str, Verdict] = {}  # of first contacts, by id of the post

    def group_at(self, uri: str) -> Group | None:
        """The group with a face at that URL."""
        group_id = self._group_of_face.get(uri)
        return self.groups.get(group_id) if group_id is not None else None

    def group_of(self, post: Post) -> Group | None:
        """The group a post is in."""
        return self.groups.get(post.group_id) if post.group_id is not None else None

    def root_of(self, post: Post) -> Post:
        """The post that began the thread of a post."""
        return self._roots.get(post.thread_id, post)

    def closed(self, post: Post) -> bool:
        """Whether a post is an answer that moderators have locked, or stands below one."""
        return post.id in self._closed

    def author_of(self, post: Post) -> Actor | None:
        """Who wrote a post that was looked up."""
        return self._authors.get(post.author_id)

    def boost_of(self, actor_id: int, post_id: int) -> Boost | None:
        """The boost of a post by a group's face."""
        return self._faces_boosts.get((actor_id, post_id))

    def names(self, post_id: int, actor_id: int) -> bool:
        """Whether a post names a group's face, or is addressed to it."""
        return (post_id, actor_id) in self._naming

    def shown(self, post: Post, actor: Actor) -> bool:
        """Whether somebody who says something may see a post."""
        return post.visibility <= posts.UNLISTED or (post.id, actor.id) in self._shown

    def face_of(self, group: Group) -> Actor:
        """The actor by which this server speaks of a group."""
        return self.faces[group.actor_id]

    def standing(self, group: Group, uri: str) -> Standing:
        """What is known of an actor in a group."""
        place = (group.id, uri)
        return Standing(ban=self._bans.get(place), member=place in self._members, role=self._roles.get(place, ""))

    def shown_in(self, thread_id: int) -> Sequence[Showing]:
        """The groups that show a thread beside their own."""
        return self._shares.get(thread_id, ())

    def ended(self, group: Group, root: Post) -> str | None:
        """What is remembered of a group that shows a thread no more (`ways.Ended`); asked where posts name another."""
        return self._ended.get((group.id, root.uri))

    def leaders(self, uri: str) -> Sequence[str]:
        """Who looks after the group of ours with a face at that URL, of people here; asked for direct messages only."""
        group = self.group_at(uri)
        return self._leaders.get(group.id, ()) if group is not None else ()

    def _keep_groups(self, found: _Rows) -> None:
        for url, *row in found:
            group = Group(*row)
            self.groups[group.id] = group
            self._group_of_face[url] = group.id

    def _keep_standing(self, bans: _Rows, joined: _Rows, leading: _Rows) -> None:
        self._bans |= {(found[0], found[1]): found[2] for found in bans}
        self._members |= {(found[0], found[1]) for found in joined}
        self._roles |= {(found[0], found[1]): registers.role(found[2]) for found in leading}

    def blockers(self, uri: str) -> frozenset[int]:
        """Ids of the actors here that block the actor."""
        return frozenset(self._blockers.get(uri, ()))

    def followed(self, uri: str) -> bool:
        """Whether somebody here follows the actor."""
        return uri in self._followed

    def erased(self, uri: str, by: str) -> bool:
        """Whether the post of that id, by that author, was deleted."""
        return uri in self.dead or posts.taken_back(uri, by) in self.dead

    def early(self, uri: str) -> dict[int, str]:
        """Who wrote answers to that post that came before it: ids and ActivityPub ids."""
        return self._early.get(uri, {})

    def held(self, uri: str, group: Group) -> str:
        """The state of a post that waits, or waited, before it is in a group; '' when it never did."""
        return self._held.get((uri, group.id), "")

    def circumstances(self, group: Group, actor_id: int) -> Circumstances:
        """What is known of an author in a group beyond their standing; nothing when the group asks for nothing."""
        return self._circumstances.get((group.id, actor_id), _NONE)

    def wrote(self, group: Group, actor_id: int, written: Written) -> None:
        """One post more by that author is in the group: what comes in the same batch is to know."""
        known = self._circumstances.get((group.id, actor_id))
        if known is None:
            return
        now = clock.now_ms()
        begun = ((now, written.domains), *known.begun) if written.starter else known.begun
        self._circumstances[group.id, actor_id] = msgspec.structs.replace(
            known, since=known.since or now, threads=known.threads + written.starter,
            replies=known.replies + (not written.starter), begun=begun[: circumstances.THREADS], last=now,
        )  # fmt: skip


_NONE = Circumstances()


async def gather(activities: Sequence[Activity], named: Sequence[spoken.Names], own_host: str) -> Facts:
    """Everything that handlers of these activities, which speak of these ids, may ask; two hops whatever their number.

    `named` is what `names` found for each of them, `own_host` the host of this server.
    """
    people = list({uri for found in named for uri in found.actors})
    objects = list({uri for found in named for uri in found.posts})
    done = list({uri for found in named for uri in found.activities} | set(objects))
    speakers = list({uri for activity in activities for uri in spoken.speakers(activity)})
    taken_back = [
        name for activity, found in zip(activities, named, strict=True) for name in spoken.back(activity, found)
    ]
    facts = Facts()
    answers = await read_many(
        [
            (actors.BY_URIS, (people,)),
            (posts.BY_URIS, (objects,)),
            (posts.TOMBSTONES, (done + taken_back,)),
            (_BOOSTS, (done,)),
            (groups.BY_FACES, (people,)),
            (registers.BANS_OF, (speakers,)),
            (members.OF_URIS, (speakers,)),
            (_MODERATORS, (speakers,)),
            (blocks.OF_URIS, (speakers,)),
            (_FOLLOWED, (speakers,)),
            (orphans.EARLY, (objects,)),
            (held.OF_URIS, (objects,)),
        ]
    )
    facts.actors = {found[1]: Actor(*found) for found in answers[0]}
    facts.posts = {found[1]: Post(*found) for found in answers[1]}
    facts.dead = {found[0] for found in answers[2]}
    facts.boosts = {found[1]: Boost(*found) for found in answers[3]}
    facts._keep_groups(answers[4])
    facts._keep_standing(*answers[5:8])
    for uri, blocker in answers[8]:
        facts._blockers.setdefault(uri, set()).add(blocker)
    facts._followed = {found[0] for found in answers[9]}
    for uri, author_id, author in answers[10]:
        facts._early.setdefault(uri, {})[author_id] = author
    facts._held = {(found[0], found[1]): found[2] for found in answers[11]}
    await _complete(facts)
    await _complete_elsewhere(facts)
    await _complete_standing(facts)
    await _complete_roles(facts)
    await _complete_leaders(facts, activities)
    await _complete_circumstances(facts, activities, own_host)
    await _complete_shown(facts, [facts.actors[uri].id for uri in speakers if uri in facts.actors])
    return facts


async def _complete(facts: Facts) -> None:
    """The groups of posts that were found, the faces of all groups, and who wrote and boosted what."""
    known = {actor.id: actor for actor in facts.actors.values()}
    missing = [p.group_id for p in facts.posts.values() if p.group_id is not None and p.group_id not in facts.groups]
    if missing:
        facts.groups |= {found[0]: Group(*found) for found in await rows(_GROUPS, (missing,))}
    roots = [p.thread_id for p in facts.posts.values() if p.thread_id != p.id]
    people = {g.actor_id for g in facts.groups.values()} | {p.author_id for p in facts.posts.values()}
    absent = [actor_id for actor_id in people if actor_id not in known]
    facts._authors = known
    if not facts.posts and not absent:
        facts.faces = {g.actor_id: known[g.actor_id] for g in facts.groups.values()}
        return
    about = ([g.actor_id for g in facts.groups.values()], [p.id for p in facts.posts.values()])
    threads = list({p.thread_id for p in facts.posts.values()})
    answers = await read_many(
        [
            (_POSTS, (roots,)),
            (_ACTORS, (absent,)),
            (_BOOSTS_BY, about),
            (_NAMED, about),
            (shares.OF_THREADS, (threads,)),
            (locks.CLOSED, ([p.id for p in facts.posts.values() if p.group_id is not None],)),
        ]
    )
    facts._roots = {found[0]: Post(*found) for found in answers[0]}
    facts._authors = known | {found[0]: Actor(*found) for found in answers[1]}
    facts.faces = {g.actor_id: facts._authors[g.actor_id] for g in facts.groups.values()}
    facts._faces_boosts = {(found[2], found[3]): Boost(*found) for found in answers[2]}
    facts._naming = {(found[0], found[1]) for found in answers[3]}
    for found in answers[4]:
        facts._shares.setdefault(found[0], []).append(shares.read(found))
    facts._closed = {found[0] for found in answers[5]}
    await _complete_shares(facts)


async def _complete_shares(facts: Facts) -> None:
    """The faces of groups that show threads beside their own, and the groups in which these began; mostly none."""
    showing = [each.group for shown in facts._shares.values() for each in shown]
    if not showing:
        return
    homes = [r.group_id for r in facts._roots.values() if r.group_id is not None and r.group_id not in facts.groups]
    facts.groups |= {group.id: group for group in showing}
    facts.groups |= {found[0]: Group(*found) for found in await rows(_GROUPS, (homes,))}
    absent = [g.actor_id for g in facts.groups.values() if g.actor_id not in facts.faces]
    facts.faces |= {found[0]: Actor(*found) for found in await rows(_ACTORS, (absent,))}
    about = ([group.actor_id for group in showing], list(facts._shares))
    facts._faces_boosts |= {(found[2], found[3]): Boost(*found) for found in await rows(_BOOSTS_BY, about)}


async def _complete_elsewhere(facts: Facts) -> None:
    """Which groups elsewhere that are spoken of are followed here, and the groups that wrote posts themselves."""
    speaking = [a.uri for a in facts._authors.values() if a.kind == "Group" and a.uri not in facts._group_of_face]
    if speaking:
        facts._keep_groups(await rows(groups.BY_FACES, (speaking,)))
        new = [group.actor_id for group in facts.groups.values() if group.actor_id not in facts.faces]
        facts.faces |= {actor_id: facts._authors[actor_id] for actor_id in new}
    asked = [g.actor_id for g in facts.groups.values() if not g.local and facts.face_of(g).uri not in facts._followed]
    if asked:
        facts._followed |= {found[0] for found in await rows(_MEMBERS_OF, (asked,))}


async def _complete_standing(facts: Facts) -> None:
    """The standing of those whose answers came before what they answer, or were fetched; mostly there is nobody.

    Where several groups are spoken of, also that of who began the threads: one group may show those of another.
    """
    people = {author for authors in facts._early.values() for author in authors.values()}
    people |= {
        author.uri
        for post in facts.posts.values()
        if post.truth == "fetched" and (author := facts.author_of(post)) is not None
    }
    if sum(group.local for group in facts.groups.values()) > 1:
        begun = {facts.root_of(post).author_id for post in facts.posts.values()}
        unknown = list(begun - set(facts._authors))
        facts._authors |= {found[0]: Actor(*found) for found in await rows(_ACTORS, (unknown,))}
        people |= {facts._authors[who].uri for who in begun if who in facts._authors}
        threads = list({facts.root_of(post).uri for post in facts.posts.values()})
        facts._ended = {(found[0], found[1]): found[2] for found in await rows(registers.ENDED, (threads,))}
    if people:
        bans, joined, leading = await read_many(
            [(registers.BANS_OF, (list(people),)), (members.OF_URIS, (list(people),)), (_MODERATORS, (list(people),))]
        )
        facts._keep_standing(bans, joined, leading)


async def _complete_roles(facts: Facts) -> None:
    """The roles in groups of ours as they are in force: who else looks after a group has a say in that."""
    given = {place for place in facts._roles if (group := facts.groups.get(place[0])) is not None and group.local}
    if not given:
        return
    holders = await registers.holders(list({group_id for group_id, _uri in given}))
    in_force = {group_id: rights.in_force(found) for group_id, found in holders.items()}
    facts._roles |= {(group_id, uri): in_force.get(group_id, {}).get(uri, "") for group_id, uri in given}


async def _complete_leaders(facts: Facts, activities: Sequence[Activity]) -> None:
    """Who looks after groups of ours to which something is said that is not for everybody; mostly there are none."""
    said = [thing.audience.everyone for each in activities if isinstance(thing := each.object, Note)]
    near = {group.id for everyone in said if PUBLIC not in everyone for group in map(facts.group_at, everyone) if group}
    local = [group_id for group_id in near if facts.groups[group_id].local]
    if not local:
        return
    leading = {group_id: list(rights.in_force(given)) for group_id, given in (await registers.holders(local)).items()}
    known = await actors.by_uris([who for leaders in leading.values() for who in leaders])
    people = {uri: who for uri, who in known.items() if who.local and who.kind == "Person" and not who.gone}
    facts.actors |= people
    for group_id, leaders in leading.items():
        facts._leaders[group_id] = [who for who in leaders if who in people]


async def _complete_circumstances(facts: Facts, activities: Sequence[Activity], own_host: str) -> None:
    """What groups that ask for more than standing want to know of those who write; mostly none does."""
    asking = [group for group in facts.groups.values() if group.local and group.asks]
    notes = [each for each in activities if isinstance(each.object, Note)] if asking else []
    speakers = {uri for each in notes for uri in spoken.speakers(each)}
    writing = {facts.actors[uri].id for uri in speakers if uri in facts.actors}
    if writing:
        writing |= {author for authors in facts._early.values() for author in authors}
        facts._circumstances = await circumstances.of(
            [group.id for group in asking], [group.id for group in asking if group.promotion], list(writing),
            lambda html: measuring.domains(html, own_host), clock.now_ms(),
        )  # fmt: skip


async def _complete_shown(facts: Facts, speakers: list[int]) -> None:
    """Who of those who speak may see which of the posts that are not for everybody; mostly there are none."""
    hidden = [post.id for post in facts.posts.values() if post.visibility > posts.UNLISTED]
    if hidden and speakers:
        facts._shown = {(found[0], found[1]) for found in await rows(visible.PAIRS, (hidden, speakers))}
