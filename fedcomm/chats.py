"""Messages to people on programs that take none of groups, and from people such alone (`letters.py` for all others).

They are not kept here: whoever answers one writes to who said it, as to anybody.
"""

from fedcomm import clock, writing
from fedcomm.app import App
from fedcomm.mapping import activities
from fedcomm.outbox import publish
from storage.actors import Actor
from storage.connect import Writes
from storage.ids import next_id
from storage.outbox import Audience

TAKEN_BY = frozenset({"lemmy", "piefed", "pyfedi"})  # Lemmy 0.19 takes no other form, PieFed 1.6 others too


def say(app: App, writes: Writes, speaker: Actor, who: Actor, words: list[str]) -> None:
    """Somebody of ours tells somebody elsewhere these paragraphs; a server itself is nobody there, and says nothing."""
    if speaker.kind != "Person" or not speaker.local or who.gone:
        return
    text, uri = "\n\n".join(words), app.urls.activity(next_id())
    message = {
        "id": f"{uri}#message", "type": "ChatMessage", "attributedTo": speaker.uri, "to": [who.uri],
        "content": writing.write(text, {}, app.base_url).html, "mediaType": "text/html",
        "source": {"content": text, "mediaType": "text/markdown"}, "published": activities.timestamp(clock.now_ms()),
    }  # fmt: skip
    create = activities.activity("Create", uri, speaker.uri, message, to=[who.uri])
    publish(app, writes, speaker, create, Audience(inboxes=(who.inbox,)))
