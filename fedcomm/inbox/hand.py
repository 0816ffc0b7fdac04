"""What a handler gets: the activity, what is known, and where to put what it changes."""

from collections.abc import Iterable
from typing import Any

import msgspec

from activitypub.activities import Activity, id_of
from activitypub.errors import Forbidden
from activitypub.origins import host_of
from fedcomm import admit, attesting, clock
from fedcomm.app import App
from fedcomm.inbox.facts import Facts
from storage import posts
from storage.actors import Actor
from storage.connect import Writes
from storage.posts import Post


class Wants(Exception):
    """Something must be asked for before the activity can be understood, by ids.

    `posts`, `actors` and `keys` are not known yet; of `fresh_posts` and `fresh_actors` the present state at their
    origin counts. Of `moderators`, groups elsewhere, the list is read anew, of `staff`, sites, who runs them.
    `revived_posts` were deleted, and their
    authors took that back. `parents` are posts that are answered: when their servers are silent, it goes on without.
    """

    def __init__(
        self,
        *,
        posts: Iterable[str] = (),
        actors: Iterable[str] = (),
        fresh_posts: Iterable[str] = (),
        fresh_actors: Iterable[str] = (),
        keys: Iterable[str] = (),
        moderators: Iterable[str] = (),
        staff: Iterable[str] = (),
        revived_posts: Iterable[str] = (),
        parents: Iterable[str] = (),
    ) -> None:
        super().__init__("something must be fetched first")
        self.posts = tuple(posts)
        self.actors = tuple(actors)
        self.fresh_posts = tuple(fresh_posts)
        self.fresh_actors = tuple(fresh_actors)
        self.keys = tuple(keys)
        self.moderators = tuple(moderators)
        self.staff = tuple(staff)
        self.revived_posts = tuple(revived_posts)
        self.parents = tuple(parents)

    @classmethod
    def of_all(cls, many: "Iterable[Wants]") -> "Wants":
        """Everything that several of them want, each thing once."""
        names = (
            "posts", "actors", "fresh_posts", "fresh_actors", "keys", "moderators", "staff", "revived_posts", "parents"
        )  # fmt: skip
        asked: dict[str, dict[str, None]] = {name: {} for name in names}
        for one in many:
            for name in names:
                asked[name] |= dict.fromkeys(getattr(one, name))
        return cls(**asked)


class Ignored(Exception):
    """The activity is fine, and has no effect here; says why. `unknown` is the id of a post that may be on its way."""

    def __init__(self, why: str, unknown: str = "") -> None:
        super().__init__(why)
        self.unknown = unknown


class PutOff(Exception):
    """The activity is fine, and has its effect later: after so many seconds. `writes` are what is changed already."""

    def __init__(self, why: str, seconds: float, writes: Writes) -> None:
        super().__init__(why)
        self.seconds, self.writes = seconds, writes


class Refused(Exception):
    """Whoever acts may act there, and this is not done; says why. `told` sees to it that they learn it."""

    def __init__(self, why: str, told: Writes) -> None:
        super().__init__(why)
        self.told = told


class Hand(msgspec.Struct, kw_only=True):
    """One activity in the hand of its handler.

    `fetched` and `refreshed` hold the ids that were asked for already, with or without success, since `asked_at` (ms);
    `proven` those of the
    activities and posts in it for which their owner's own proof was seen (FEP-8b32), and `attested` those of posts for
    which only the group that passes them on vouches. A handler sets `early` when the activity may have to be passed on
    later, as it came.
    """

    app: App
    facts: Facts
    writes: Writes
    signer: str
    document: dict[str, Any]
    fetched: frozenset[str] = frozenset()
    refreshed: frozenset[str] = frozenset()
    asked_at: int = 0
    proven: frozenset[str] = frozenset()
    attested: frozenset[str] = frozenset()
    early: bool = False

    def actor(self, uri: str) -> Actor:
        """The actor, who must be known and heard here.

        Raises:
            Wants: it is not known yet.
            Forbidden: unknown for good.
            NotAllowed: suspended, banned by their own server, deleted, or of a server that is not spoken with.
        """
        found = self.facts.actors.get(uri)
        if found is None:
            if uri in self.fetched or self.app.urls.own(uri):
                raise Forbidden("The actor is not known.")
            raise Wants(actors=(uri,))
        admit.actor(found, self.app.peers)
        admit.server(self.app.peers, found.host)
        return found

    def withdrawing(self, uri: str) -> Actor:
        """As `actor`, for who takes back what they said or did themselves: also who is suspended at home may do that.

        Raises:
            Wants, Forbidden: as for `actor`.
            NotAllowed: deleted, or of a server that is not spoken with.
        """
        found = self.facts.actors.get(uri)
        if found is None or (found.suspended_at is None and not self.app.peers.rests(uri)):
            return self.actor(uri)
        admit.withdrawing(found)
        admit.server(self.app.peers, found.host)
        return found

    def ours_in(self, activity: Activity) -> Actor | None:
        """The one of ours who is meant by what somebody passes on, if it is about one of ours."""
        inner = activity.object
        named = self.facts.actors.get(id_of(inner.object) or "") if isinstance(inner, Activity) else None
        return named if named is not None and named.local and not named.gone else None

    def post(self, uri: str) -> Post:
        """The post, which must be known and not deleted.

        Raises:
            Wants: it is not known yet.
            Ignored: unknown for good, or deleted.
        """
        found = self.facts.posts.get(uri)
        if found is None and uri not in self.fetched and not self.app.urls.own(uri) and uri not in self.facts.dead:
            raise Wants(posts=(uri,))
        if found is not None and uri not in self.refreshed and self._is_hearsay(found):
            raise Wants(fresh_posts=(uri,))
        return self.known_post(uri, found)

    def parent(self, uri: str | None) -> Post | None:
        """The post that is answered; None when there is none, or it cannot be had.

        Raises:
            Wants: it is not known yet.
        """
        if uri is None:
            return None
        try:
            return self.post(uri)
        except Ignored:
            return None

    def known_post(self, uri: str, found: Post | None = None) -> Post:
        """The post, when it is known already; nothing is fetched for it.

        Raises:
            Ignored: it is not known, or deleted.
        """
        found = found or self.facts.posts.get(uri)
        if found is None and uri not in self.facts.dead:
            raise Ignored("the post is not known here", unknown=uri)
        if found is None or found.deleted_at is not None:
            raise Ignored("the post was deleted")
        return found

    def _is_hearsay(self, found: Post) -> bool:
        """Whether only a group vouches for a post of which somebody else speaks: then its origin is asked once more."""
        group = self.facts.group_of(found) if found.truth == attesting.TRUTH else None
        return group is not None and self.facts.face_of(group).uri != self.signer

    def undone(self, done: Activity) -> bool:
        """Whether this was taken back before it came: by its actor, or by the group that passes it on, for itself."""
        return done.uri is not None and any(
            posts.taken_back(done.uri, by) in self.facts.dead for by in (done.actor, self.signer)
        )

    def take_back(self, uri: str | None, kind: str = "undone") -> None:
        """Remember that the signer took back what has that id, so that it has no effect when it comes late."""
        if uri:
            name = posts.taken_back(uri, self.signer)
            posts.bury(self.writes, name, self.entered_by, kind, clock.now_ms())

    @property
    def entered_by(self) -> str:
        """The host through which the activity came."""
        return host_of(self.signer)

    def raw_of(self, activity: Activity) -> dict[str, Any]:
        """The activity as it came, to be passed on unchanged."""
        return activity.raw or self.document
