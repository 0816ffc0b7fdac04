"""Words for what is done for groups, as their logs tell it; to be translated where they are shown."""

from storage import registers
from web.languages import later

# Of a register of a group: what was done when it was written, and when it became neutral again.
GROUP_ACTS = {
    "ban": (later("banned"), later("lifted the ban")),
    "removed": (later("took out"), later("put back")),
    "proposed": (later("hid, until somebody else looks"), later("looked at what was hidden")),
    "locked": (later("locked"), later("unlocked")),
    "moved": (later("moved to another group"), later("moved to another group")),
    "warned": (later("warned"), later("warned")),
    "pinned": (later("pinned"), later("unpinned")),
    "role": (later("made moderator"), later("dismissed")),
    "topics": (later("changed the topics"), later("took away the topics")),
    "languages": (later("changed the languages"), later("took away the languages")),
    "listed": (later("changed whether directories show it"), later("changed whether directories show it")),
    "rules": (later("changed the rules"), later("took away the rules")),
    "welcome": (later("changed the welcome"), later("took away the welcome")),
    "greeter": (later("named who greets"), later("named nobody to greet")),
    "introductions": (later("chose the thread of newcomers"), later("chose no thread for newcomers")),
    "profile:title": (later("changed the title"), later("changed the title")),
    "profile:summary": (later("changed what it is for"), later("changed what it is for")),
    "profile:icon": (later("changed the picture"), later("took away the picture")),
    "profile:image": (later("changed the picture at the top"), later("took away the picture at the top")),
    "profile:icon_description": (later("said what the picture shows"), later("took away the words of the picture")),
    "profile:image_description": (
        later("said what the picture at the top shows"),
        later("took away the words of the picture at the top"),
    ),
    "join_mode": (later("changed who can join"), later("changed who can join")),
    "question": (later("changed the question to who asks to join"), later("asks nothing any more of who asks to join")),
    "taken_out": (later("ended the membership of"), later("ended the membership of")),
    "posting": (later("changed who can write"), later("changed who can write")),
    "visibility": (later("changed for whom is what is written"), later("changed for whom is what is written")),
    "flairs": (later("changed the flairs"), later("took away the flairs")),
    "flair": (later("changed the flair"), later("took away the flair")),
    "title": (later("changed the title of a thread"), later("gave back the title of its author")),
    "votes": (later("changed which votes there are"), later("changed which votes there are")),
    "share": (later("ended the sharing of"), later("took in again")),
    "held": (later("decided about a post that waited"), later("decided about a post that waited")),
    "trusted": (later("trusts"), later("trusts no more")),
    "promotional": (later("marked as promotional"), later("marks no more as promotional")),
    "ladder": (later("limits newcomers on their first day"), later("limits newcomers no more")),
    "promotion": (later("limits announcements"), later("limits announcements no more")),
    "slow": (later("changed the pause between posts"), later("ended the pause between posts")),
    "invitation": (later("made an invitation"), later("took an invitation back")),
    "rolled_back": (later("let undo what was done by"), later("let undo what was done by")),
    "closed": (later("closed the group"), later("opened the group")),
}


def group_act(property_: str, value: str | None) -> str:
    """What somebody did for a group; an act without words of its own is called by its name."""
    if property_ == "held" and value is not None:
        if "over" in value:
            return later("looked again at a post that waited: what it waited for is over")
        return later("let in a post that waited") if "released" in value else later("turned away a post that waited")
    if property_ == "locked" and value is not None and "until" in value:
        return later("closed for a while")
    if property_ == "removed" and value is not None and '"review"' in value:
        return later("took out, until somebody has looked at it again")
    if property_ == "moved" and value is not None and "from" in value:
        return later("moved here from another group")
    if property_ == "role" and registers.role(value) == "steward":
        return later("made steward")
    written, neutral = GROUP_ACTS.get(property_, (property_, property_))
    return neutral if value is None else written
