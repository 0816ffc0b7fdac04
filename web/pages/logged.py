"""An entry of the public log in words: for a row of its page, and as an item of its feed."""

import html
from gettext import NullTranslations

from fedcomm.app import App
from fedcomm.public_log import About, Entry
from storage.actors import Actor
from web.languages import later
from web.pages import deeds, shown, words
from web.syndication.items import Item

KINDS = {
    "posts": later("posts taken out and put back"),
    "threads": later("threads locked, pinned, labelled"),
    "people": later("bans"),
    "roles": later("who looks after groups"),
    "settings": later("settings of groups"),
    "accounts": later("accounts limited or suspended"),
    "servers": later("other servers"),
}
APPEALS = {
    "accepted": later("Overturned after an appeal"),
    "rejected": later("Upheld after an appeal"),
}
_OF_SERVER = {
    "limit": words.ACTS["account.limit"],
    "unlimit": words.ACTS["account.unlimit"],
    "suspend": words.ACTS["account.suspend"],
    "unsuspend": words.ACTS["account.restore"],
    "limit_server": later("limited a server"),
    "suspend_server": later("suspended a server"),
    "change_server": later("neither limits nor suspends a server"),
    "apply_list": words.ACTS["blocklist.apply"],
    "undo_list": words.ACTS["blocklist.undo"],
    "retract_list": words.ACTS["blocklist.retract"],
}


def act(entry: Entry) -> str:
    """What was done, to be translated."""
    return _OF_SERVER[entry.act] if entry.group is None else deeds.group_act(entry.property, entry.value)


def team(gettext: NullTranslations, entry: Entry) -> str:
    """Who did it: as which team."""
    if entry.by_server or entry.group is None:
        return gettext.gettext("the team of the server")
    return gettext.gettext("the moderators of {group}").format(group=shown.name(entry.group))


def renamed(entry: Entry) -> str:
    """What a thread was called and is called since."""
    return " → ".join(f"“{title}”" for title in entry.titles or () if title)


def kind(about: About) -> str:
    """What sort of post it is, to be translated."""
    return later("a thread") if about.starter else later("an answer")


def title(gettext: NullTranslations, face: Actor | None) -> str:
    """What the log is called."""
    if face is None:
        return gettext.gettext("What was done on this server")
    return gettext.gettext("What was done in {group}").format(group=shown.name(face))


def item(app: App, gettext: NullTranslations, entry: Entry, home: str) -> Item:
    """The entry in a feed of the log at `home`."""
    did = gettext.gettext(act(entry))
    by = team(gettext, entry)
    rule = f"({entry.rule}) {entry.rule_text}" if entry.rule else ""
    appeal = gettext.gettext(APPEALS[entry.appeal]) if entry.appeal else ""
    lines = [_target(app, gettext, entry), *map(html.escape, (renamed(entry), rule, entry.reason, appeal))]
    lines += [_post(app, gettext, each) for each in entry.taken]
    if entry.posts > len(entry.taken):
        lines.append(f'<a href="{app.base_url}/modlog/{entry.id}">{entry.posts}</a>')
    return Item(
        id=f"{app.base_url}/modlog/{entry.id}", url=f"{home}?max_id={entry.id + 1}", title=f"{by}: {did}",
        content="".join(f"<p>{line}</p>" for line in lines if line), language="", author=by,
        author_url=app.base_url + (shown.profile(entry.group) if entry.group else "/about"), published=entry.at,
        updated=entry.at, tags=[], enclosures=[],
    )  # fmt: skip


def _target(app: App, gettext: NullTranslations, entry: Entry) -> str:
    if entry.about is not None:
        return _post(app, gettext, entry.about)
    if entry.person is not None:
        return html.escape(f"@{shown.handle(entry.person, app.host)}")
    return html.escape(entry.host)


def _post(app: App, gettext: NullTranslations, about: About) -> str:
    sort = gettext.gettext(kind(about))
    if about.post is not None and about.author is not None:
        address = html.escape(f"{app.base_url}{shown.permalink(about.post, about.author)}")
        return f'<a href="{address}">{html.escape(shown.title(about.post) or sort)}</a>'
    by = f", @{shown.handle(about.author, app.host)}" if about.author is not None else ""
    return html.escape(f"{sort}{by}")
