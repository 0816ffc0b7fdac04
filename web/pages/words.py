"""Words for what the code calls by a name: roles, states, acts in the log; to be translated where they are shown."""

from fedcomm import audit
from storage.chained import PREFIX
from web import tongues
from web.languages import later
from web.pages.deeds import GROUP_ACTS

ROLES = {
    "member": later("member"),
    "moderator": later("moderator of the server"),
    "admin": later("admin"),
}
STATES = {
    "active": later("can sign in"),
    "unconfirmed": later("has not confirmed the address yet"),
    "pending": later("waits for approval"),
    "frozen": later("cannot sign in"),
    "suspended": later("suspended"),
}
# Why something of somebody whom nobody here knows is held.
CAUGHT = {
    "contact": later("first words to people here"),
    "young": later("a young account that names several people"),
    "links": later("many links"),
    "same": later("a text that came often"),
}
ORIGINS = {
    "local": later("here"),
    "remote": later("on other servers"),
}
# As which people are looked for.
PEOPLE_STATES = {
    "active": later("neither suspended nor waiting"),
    "unconfirmed": later("has not confirmed the address yet"),
    "pending": later("waits for approval"),
    "frozen": later("cannot sign in"),
    "sensitive": later("pictures behind a warning"),
    "limited": later("limited"),
    "suspended": later("suspended"),
}
# What who looks after the server did about somebody, as a line of a history.
SANCTIONS = {
    "note": later("Note"),
    "warn": later("Warned"),
    "freeze": later("Signing in closed"),
    "unfreeze": later("Signing in open again"),
    "sensitive": later("Pictures behind a warning"),
    "unsensitive": later("Pictures as before"),
    "limit": later("Limited"),
    "unlimit": later("Not limited any more"),
    "suspend": later("Suspended"),
    "restore": later("Suspension taken back"),
    "home_freeze": later("Banned by their own server"),
    "home_suspend": later("Banned by their own server, with all they wrote"),
    "home_restore": later("Ban by their own server lifted"),
}
STAFF_MAIL = {
    "reports": later("Reports that are open"),
    "sign_ups": later("Sign-ups that wait for an answer"),
    "closed": later("That the server lets nobody in unasked any more, since nobody looked after it"),
    "groups": later("What waits for you in the groups that you look after"),
}
# The same as their member reads it.
TOLD_SANCTIONS = {
    "warn": later("Who looks after this server warns you."),
    "freeze": later("Who looks after this server has closed signing in with your account for a while."),
    "sensitive": later("Who looks after this server has put all your pictures behind a warning."),
    "limit": later("Who looks after this server has limited your account: only who follows you sees what you write."),
    "suspend": later("Who looks after this server had suspended your account."),
}
ACTS = {
    "account.approve": later("approved a sign-up"),
    "account.create": later("created an account"),
    "account.delete": later("deleted an account"),
    "account.first_admin": later("became the first admin"),
    "account.email": later("gave an account another e-mail address"),
    "account.password": later("gave an account a new password"),
    "appeal.accept": later("put a post back after an appeal"),
    "appeal.reject": later("turned an appeal down"),
    "account.reject": later("turned a sign-up away"),
    "account.restore": later("took a suspension back"),
    "account.role": later("gave somebody another role"),
    "account.suspend": later("suspended somebody"),
    "account.note": later("made a note about somebody"),
    "account.warn": later("warned somebody"),
    "account.freeze": later("closed signing in for somebody"),
    "account.unfreeze": later("opened signing in for somebody"),
    "account.sensitive": later("put somebody's pictures behind a warning"),
    "account.unsensitive": later("took the warning before somebody's pictures away"),
    "account.limit": later("limited somebody"),
    "account.unlimit": later("ended that somebody is limited"),
    "neighbours.seek": later("looked for groups of other servers"),
    "neighbours.stop": later("follows groups of other servers for everybody no more"),
    "bulletin.publish": later("announced something"),
    "bulletin.change": later("changed an announcement"),
    "bulletin.end": later("ended an announcement"),
    "emoji.add": later("added an emoji"),
    "emoji.change": later("changed an emoji"),
    "emoji.remove": later("deleted an emoji"),
    "group.create": later("made a group"),
    "group.recognise": later("said that a group is the same as before"),
    "group.rollback": later("let undo what somebody did for a group"),
    "invite.create": later("made an invitation"),
    "invite.revoke": later("took an invitation back"),
    "media.block": later("blocked a file"),
    "media.erase": later("erased files that are blocked"),
    "media.unblock": later("takes a file again"),
    "media.refresh": later("let pictures of a server be fetched anew"),
    "post.purge": later("deleted a post for good"),
    "queue.hold": later("held what is for a server"),
    "media.prune": later("forgot copies of pictures of other servers"),
    "mail_domain.close": later("lets nobody sign up with an e-mail address of a domain"),
    "mail_domain.open": later("lets people sign up with e-mail addresses of a domain again"),
    "contact.release": later("let in somebody whom nobody here knew"),
    "contact.refuse": later("refused what strangers wrote"),
    "account.purge": later("deleted somebody with all their files"),
    "account.report": later("wrote a report about what was deleted"),
    "account.export": later("took along all that is somebody's"),
    "address.close": later("closed a network to who signs up, or altogether"),
    "address.open": later("opened a network again"),
    "email.close": later("lets nobody sign up with an e-mail address"),
    "email.open": later("lets people sign up with an e-mail address again"),
    "keys.rotate": later("gave somebody new keys"),
    "tokens.revoke": later("signed somebody out everywhere"),
    "peer.purge": later("erased all that was known of a server"),
    "blocklist.subscribe": later("subscribed to a list of servers to block"),
    "blocklist.unsubscribe": later("unsubscribed from a list of servers to block"),
    "blocklist.rules": later("changed how subscribed lists are taken"),
    "blocklist.accept": later("took a list of servers to block that has shrunk as it is"),
    "blocklist.fetch": later("had a list of servers to block read"),
    "blocklist.retract": later("took back what no subscribed list says any more"),
    "blocklist.adopt": later("took what was decided here for the word of a subscribed list"),
    "peer.archive": later("set a server aside that did not answer for a month"),
    "blocklist.apply": later("applied a list of servers to block"),
    "blocklist.undo": later("undid a list of servers to block"),
    "peer.policy": later("decided what a server may do"),
    "peer.retry": later("had deliveries to a server tried again"),
    "post.remove": later("took a post out of its group"),
    "post.restore": later("put a post back into its group"),
    "queue.retry": later("had done anew what was given up"),
    "queue.drop": later("dropped what waited or was given up"),
    "report.close": later("closed a report"),
    "report.reopen": later("opened a report again"),
    "settings.change": later("changed settings"),
    "settings.unattended": later("lets nobody in unasked any more, since nobody looked after the server for a week"),
    "token.issue": later("made an access token"),
}
POLICIES = {
    "": later("Like any other"),
    "allow": later("Allowed by name"),
    "limit": later("Limited: shown only to who follows it"),
    "suspend": later("Suspended: nothing is taken from it, nothing sent there"),
}
LIST_STATES = {
    "draft": later("Nothing is decided yet"),
    "applying": later("Being applied"),
    "applied": later("In force"),
    "undoing": later("Being undone"),
    "undone": later("Undone"),
    "dropped": later("Turned down"),
}
REPORTS = {
    "spam": later("It is spam"),
    "legal": later("It is against the law"),
    "violation": later("It breaks the rules"),
    "other": later("Something else"),
}
# How work on a report ends, as who does it says.
OUTCOMES = {
    "acted": later("Something was done"),
    "none": later("Nothing had to be done"),
    "passed": later("Others decide about it"),
}
# What became of an appeal.
APPEALS = {
    "open": later("Nobody has appealed yet"),
    "asked": later("It waits for somebody else to decide"),
    "accepted": later("The post is in the group again"),
    "rejected": later("The post stays out of the group"),
}
# What is in the files that members take along (fedcomm/exports.py).
FILES = {
    "following_accounts": later("whom you follow, and your groups"),
    "blocked_accounts": later("whom you block"),
    "muted_accounts": later("whom you mute"),
    "blocked_domains": later("servers you block"),
    "lists": later("lists, and who is in them"),
    "bookmarks": later("bookmarks"),
}
# Which answers a list shows (Mastodon API: "List").
REPLIES = {
    "list": later("answers to others in the list"),
    "followed": later("answers to all whom I follow"),
    "none": later("no answers"),
}
# In which order the list of a group shows its threads.
SORTS = {
    "new": later("the newest threads first"),
    "active": later("threads with the newest answers first"),
    "hot": later("new threads in which many people talk first"),
    "top-day": later("threads of a day, those with most people first"),
    "top-week": later("threads of a week, those with most people first"),
    "top-month": later("threads of a month, those with most people first"),
    "top-year": later("threads of a year, those with most people first"),
    "top": later("all threads, those with most people first"),
    "unanswered": later("threads that nobody has answered"),
}
# The same as links above the threads.
ORDERS = {
    "active": later("Active"),
    "new": later("New"),
    "hot": later("Hot"),
    "top-day": later("Top of the day"),
    "top-week": later("of the week"),
    "top-month": later("of the month"),
    "top-year": later("of the year"),
    "top": later("of all time"),
    "unanswered": later("Unanswered"),
}
# Where a filter holds, and what it does (Mastodon API: "Filter").
CONTEXTS = {
    "home": later("Home and lists"),
    "notifications": later("Notifications"),
    "public": later("Groups and what is new"),
    "thread": later("Threads"),
    "account": later("Profiles"),
}
FILTER_ACTIONS = {
    "warn": later("Shown when I open it"),
    "hide": later("Not shown at all"),
    "blur": later("Shown, with pictures only when I open them"),
}
# Whom a post is for (Mastodon API: "visibility").
LEVELS = {
    "public": later("everybody"),
    "unlisted": later("everybody, but not in lists of what is new"),
    "private": later("those who follow me"),
    "direct": later("those I mention"),
}
# The same in a group that is not for everybody, by its visibility: "private" is what its readers read.
LEVELS_INSIDE = {
    "members": {"private": later("the members of the group"), "direct": LEVELS["direct"]},
    "local": {"private": later("whoever is signed in here"), "direct": LEVELS["direct"]},
}
# What must be seen of a picture where there is no room for all of it (Mastodon API: "focus").
FOCUSES = {
    "0.0,0.0": later("the middle"),
    "0.0,0.7": later("the top"),
    "0.0,-0.7": later("the bottom"),
    "-0.7,0.0": later("the left"),
    "0.7,0.0": later("the right"),
    "-0.7,0.7": later("the top left"),
    "0.7,0.7": later("the top right"),
    "-0.7,-0.7": later("the bottom left"),
    "0.7,-0.7": later("the bottom right"),
}
# Of what a member is told of: what somebody did.
NOTICES = {
    "mention": later("mentioned you"),
    "status": later("wrote something"),
    "reblog": later("passed on what you wrote"),
    "follow": later("follows you"),
    "follow_request": later("wants to follow you, or to join a group of yours"),
    "favourite": later("likes what you wrote"),
    "poll": later("asked something, and the poll has ended"),
    "update": later("changed what you passed on"),
    "admin.sign_up": later("has signed up"),
    "admin.report": later("has reported something"),
    "severed_relationships": later("lost ties to a server that was suspended"),
    "moderation_warning": later("was told something by who looks after this server"),
}
ACTORS = {
    audit.OPERATOR: later("(command line)"),
    audit.SERVER: later("(server)"),
}
TONGUES = tongues.NAMES  # each by its own name
JOIN_MODES = {
    "open": later("everybody"),
    "approval": later("whom the moderators let in"),
    "invite": later("who is invited"),
}
# What somebody is in a group.
GROUP_ROLES = {
    "steward": later("steward"),
    "moderator": later("moderator"),
}
BAN_DAYS = {
    "0": later("for good"),
    "1": later("for a day"),
    "7": later("for a week"),
    "30": later("for 30 days"),
}
BACK_HOURS = {
    "1": later("an hour"),
    "24": later("a day"),
    "168": later("a week"),
    "720": later("30 days"),
}
POSTING = {
    "anyone": later("everybody, members or not"),
    "members": later("members"),
    "moderators": later("moderators start threads, everybody answers"),
}
VOTES = {
    "both": later("likes and votes against"),
    "up": later("likes only"),
    "none": later("none"),
}
# For whom what is written in a group is, from now on.
GROUP_LEVELS = {
    "public": later("everybody"),
    "members": later("members, here and on other servers"),
    "local": later("who is signed in here; nothing of it leaves this server"),
}
# Who announces things in a group, by how many people they answer before.
PROMOTION = {
    0: later("as often as they want"),
    3: later("after they have answered 3 others"),
    9: later("after they have answered 9 others"),
}
# How long each member pauses between two posts in a group, in seconds.
SLOW = {
    0: later("no pause"),
    30: later("30 seconds"),
    60: later("a minute"),
    300: later("5 minutes"),
    900: later("a quarter of an hour"),
    3600: later("an hour"),
    21_600: later("6 hours"),
    86_400: later("a day"),
}
# What holds for who comes from a network (fedcomm/address_blocks.py), the strictest first.
NETWORKS = {
    "no_access": later("They are not answered at all"),
    "sign_up_block": later("They cannot sign up"),
    "sign_up_requires_approval": later("They sign up only with a yes"),
}
# For how long a thread is closed to answers, in minutes.
WHILES = {
    15: later("a quarter of an hour"),
    60: later("an hour"),
    360: later("6 hours"),
    1440: later("a day"),
    4320: later("3 days"),
    10_080: later("a week"),
}
# Why a post waits before it is in a group (fedcomm/admit.py).
WAITS = {
    "rules": later("Its author has not accepted the rules yet; they were asked to."),
    "links": later("A newcomer, with many links"),
    "pictures": later("A newcomer, with many pictures"),
    "mentions": later("A newcomer, who names many people"),
    "threads": later("A newcomer, who has started many threads today"),
    "replies": later("A newcomer, who has answered many times today"),
    "promotion": later(
        "An announcement by somebody who has not answered others since the last; once they have, it is in the group"
    ),
    "flood": later("Many posts came at once"),
    "cooldown": later("Its thread is closed to answers for a while; when it is open again, it is in the group"),
    "slow": later("Its author had written just before; there is a pause between two posts of one person"),
    "review": later("It was in the group; who looks after that took it out until somebody has looked at it again"),
}


def act(name: str) -> str:
    """What somebody did; an act without words of its own is called by its name."""
    if name.startswith(PREFIX):
        property_, _, ended = name.removeprefix(PREFIX).partition(".")
        return GROUP_ACTS.get(property_, (property_, property_))[bool(ended)]
    return ACTS.get(name, name)
