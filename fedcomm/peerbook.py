"""What this process knows of other servers without asking the database: policy, software family."""

from collections.abc import Callable, Set

from activitypub import quirks
from storage import actors, outbox, peers, sanctions
from storage.outbox import Entry
from storage.peers import Decision

SUSPEND, ALLOW = "suspend", "allow"
_UNDECIDED = Decision()
# They take messages from people only: one from a group is an error in Lemmy 0.19 and 1.0 (`ObjectId<ApubPerson>`)
# and in Mbin 1.10 (`CreateHandler`, `Note::createPost`), "Unexpected activity from Group" in PieFed 1.6.
DEAF = frozenset({"lemmy", "piefed", "pyfedi", "mbin", "kbin"})

# Which families have no use for a form; of answers those that could be microblogs neither, which would be flooded.
_SKIPPED_BY = {
    "wrapped": frozenset((quirks.MICROBLOG, quirks.THREADS)),
    "relay": frozenset((quirks.MICROBLOG, quirks.THREADS)),
    "plain": frozenset((quirks.GROUPS,)),
    "answer": frozenset((quirks.GROUPS, quirks.MICROBLOG, "")),
}
_BESIDE = frozenset(("relay", "beside"))  # of threads of another group
Takes = Callable[[str, tuple[str, ...]], tuple[str, ...]]  # of a host and its inboxes those that are sent something
_WRAPPED = frozenset(("wrapped", "relay"))  # from the group


class PeerBook:
    """Policies and families of peers in memory. A policy for a domain holds for all its sub-domains and ports."""

    def __init__(self, *, allow_list: bool, rules_at: str = "") -> None:
        self.allow_list = allow_list
        self.rules_at = rules_at  # the page that says with whom this server speaks
        self._decisions: dict[str, Decision] = {}
        self.changes = 0  # how often a server said what it runs; who remembers an answer compares it
        self._asked: set[str] = set()  # who was asked what it runs, whatever the answer was
        self._families: dict[str, str] = {}
        self._hosts: dict[str, set[str]] = {}  # by family
        self._deaf: set[str] = set()
        self._without_polls: set[str] = set()
        self._one_community: set[str] = set()
        self._group_alone: set[str] = set()
        self._apart: set[str] = set()
        self._one_inbox: set[str] = set()
        self._movers: set[str] = set()
        self._answers: dict[str, Decision] = {}
        self._silenced: set[str] = set()
        self._silences = 0  # how often somebody was suspended, or was no more
        self._resting: set[str] = set()
        self.admins: dict[str, frozenset[str]] = {}  # by host of a group: who runs its server, as it said lately

    async def load(self) -> bool:
        """Read everything anew; whether something else is decided than before."""
        everybody, before = await peers.everybody(), self._decisions
        self._decisions = {found.host: found.decision for found in await peers.decided()}
        self.changes += 1
        self._families, self._hosts = {}, {}
        self._deaf, self._without_polls, self._one_community, self._group_alone = set(), set(), set(), set()
        self._apart, self._asked, self._one_inbox, self._movers = set(), set(), set(), set()
        for peer in everybody:
            self.learn(peer.host, peer.family, peer.software, asked=peer.software_checked_at is not None)
        self._answers = {}
        await self._load_silenced()
        return self._decisions != before

    def policy(self, authority: str) -> str:
        """The policy that holds for `host` or `host:port`: '', allow, limit or suspend."""
        return self.decision(authority).policy

    def without_media(self, authority: str) -> bool:
        """Whether no picture of that server is copied or shown."""
        return self.decision(authority).reject_media

    def without_reports(self, authority: str) -> bool:
        """Whether reports from that server have no effect."""
        return self.decision(authority).reject_reports

    def holds_contact(self, authority: str) -> bool:
        """Whether the first words of its people to people here who do not know them wait."""
        return self.decision(authority).hold_contact

    def decision(self, authority: str) -> Decision:
        """What holds for `host` or `host:port`: the policy of the nearest domain that has one, and what any rejects."""
        known = self._answers.get(authority)
        if known is None:
            if len(self._answers) > 10_000:
                self._answers.clear()
            known = self._answers[authority] = self._find(authority)
        return known

    def blocked(self, authority: str) -> bool:
        """Whether nothing is taken from and nothing sent to that server."""
        policy = self.policy(authority)
        return policy == SUSPEND or (self.allow_list and policy != ALLOW)

    def silenced(self, actor_uri: str) -> bool:
        """Whether this actor was suspended here."""
        return actor_uri in self._silenced

    def silence(self, told: str) -> None:
        """An actor elsewhere was suspended here ("+" and its id), or is no more ("-" and its id)."""
        self._silences += 1
        (self._silenced.add if told.startswith("+") else self._silenced.discard)(told[1:])

    def rests(self, actor_uri: str) -> bool:
        """Whether this actor was banned by who runs their own server (`home_verdicts.ban`)."""
        return actor_uri in self._resting

    def rest(self, told: str) -> None:
        """An actor elsewhere was banned at home ("+" and its id), or is no more ("-" and its id)."""
        self._silences += 1
        (self._resting.add if told.startswith("+") else self._resting.discard)(told[1:])

    def reachable(self, authority: str) -> bool:
        """Whether deliveries go there."""
        return not self.blocked(authority)

    def family(self, host: str) -> str:
        """'groups', 'microblog', 'threads' (`quirks`), or '' while it is not known what the server runs."""
        return self._families.get(host, "")

    def of_family(self, family: str) -> Set[str]:
        """The hosts that are known to be of a family."""
        return self._hosts.get(family, frozenset())

    def unsure(self, host: str) -> bool:
        """Whether nobody has asked that server yet what it runs, and nothing shows it."""
        return not self.family(host) and host not in self._asked

    def asked(self, host: str) -> None:
        """It was asked, and what it runs is not known all the same."""
        self._asked.add(host)

    def chooses(self, entry: Entry) -> bool:
        """Whether it depends on what a server runs if it is sent an entry."""
        return bool(entry.form or outbox.audience_of(entry).both)

    def takes(self, entry: Entry) -> Takes:
        """Which inboxes of a host are sent an entry (`outbox.publish`): of each thing one form, by one sender.

        A program that is not known is told what begins threads by boosts, as microblogs are, by its author what that
        sends there anyway, and all else by the group (docs/decisions/0042).
        """
        form, audience = entry.form, outbox.audience_of(entry)
        families, beside = _SKIPPED_BY.get(form, frozenset[str]()), form in _BESIDE
        wrapped, both, twin = form in _WRAPPED, frozenset(audience.both), audience.twin

        def takes(host: str, inboxes: tuple[str, ...]) -> tuple[str, ...]:
            family = self.family(host)
            if family in families or (beside and host in self._one_community) or (wrapped and twin and not family):
                return ()
            if both and wrapped != (family == quirks.GROUPS):
                return tuple(inbox for inbox in inboxes if inbox not in both)
            return inboxes

        def apart(host: str, inboxes: tuple[str, ...]) -> tuple[str, ...]:
            return inboxes if self.keeps_apart(host) else ()

        return apart if form == "aside" else takes

    def may_take(self, entry: Entry) -> Takes:
        """As `takes`; who was not asked what it runs may take it, which is found out before it is sent."""
        takes = self.takes(entry)
        return lambda host, inboxes: inboxes if self.unsure(host) else takes(host, inboxes)

    def one_inbox(self, host: str) -> bool:
        """Whether what one inbox there took for everybody is there for all its people."""
        return host in self._one_inbox

    def keeps_apart(self, host: str) -> bool:
        """Whether that server keeps what a group decides about a thread of another one to that group."""
        return host in self._apart

    def movers(self) -> Set[str]:
        """The hosts that take it when a thread goes from one group into another (`Move`)."""
        return self._movers

    def deaf(self, host: str) -> bool:
        """Whether members of that server get no messages of groups."""
        return host in self._deaf

    def reads_polls(self, host: str) -> bool:
        """Whether polls are sent there as such."""
        return host not in self._without_polls

    def tells_whom_it_names(self, host: str) -> bool:
        """Whether who writes there for the members of a group here sends that to those they name too; unknown software
        is not relied on."""
        return bool(self.family(host)) and not self.hears_group_alone(host)

    def hears_group_alone(self, host: str) -> bool:
        """Whether a private group alone tells that server what is said and done in it."""
        return host in self._group_alone

    def learn(self, host: str, family: str, software: str = "", *, asked: bool = True) -> None:
        """The server has said what it runs, or else (not `asked`) it was seen to."""
        self.changes += 1
        if asked:
            self._asked.add(host)
        (self._one_inbox.add if quirks.distributes(software) else self._one_inbox.discard)(host)
        (self._without_polls.discard if quirks.reads_polls(software) else self._without_polls.add)(host)
        (self._one_community.discard if quirks.shows_beside(software) else self._one_community.add)(host)
        (self._group_alone.add if quirks.tells_group_alone(software) else self._group_alone.discard)(host)
        (self._apart.add if quirks.keeps_apart(software) else self._apart.discard)(host)
        (self._movers.add if quirks.moves_threads(software) else self._movers.discard)(host)
        (self._deaf.add if software in DEAF else self._deaf.discard)(host)
        self._hosts.get(self.family(host), set()).discard(host)
        self._families[host] = family
        if family:
            self._hosts.setdefault(family, set()).add(host)

    async def _load_silenced(self) -> None:
        """As they are when nothing was told while they were read: what was told later than read is not lost."""
        while True:
            before, found = self._silences, set(await actors.suspended())
            resting = set(await sanctions.resting())
            if before == self._silences:
                self._silenced, self._resting = found, resting
                return

    def _find(self, authority: str) -> Decision:
        found = [self._decisions[name] for name in peers.domains(authority) if name in self._decisions]
        if len(found) < 2:
            return found[0] if found else _UNDECIDED
        return Decision(
            next((each.policy for each in found if each.policy), ""),
            any(each.reject_media for each in found),
            any(each.reject_reports for each in found),
            hold_contact=any(each.hold_contact for each in found),
        )
