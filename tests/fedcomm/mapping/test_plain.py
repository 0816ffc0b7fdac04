"""Polls as texts."""

from fedcomm.mapping.plain import without_polls

POLL = {
    "id": "https://here.test/posts/1", "type": "Question", "url": "https://here.test/@a/1?a=1&b=2", "name": "When?",
    "content": "<p>So?</p>", "contentMap": {"en": "<p>So?</p>"}, "oneOf": [{"name": "A & B"}, {"name": 3}, "x"],
    "votersCount": 0, "endTime": "2026-12-01T00:00:00Z", "to": ["https://here.test/c/rye"],
}  # fmt: skip


def test_a_poll_is_a_text_with_its_answers_and_a_link_wherever_it_stands() -> None:
    announce = {"type": "Announce", "object": {"type": "Create", "proof": {}, "object": POLL}}

    told = without_polls(announce)

    text = '<p>So?</p><ul><li>A &amp; B</li></ul><p><a href="https://here.test/@a/1?a=1&amp;b=2">'
    assert told["object"].keys() == {"type", "object"}
    note = told["object"]["object"]
    assert note.keys() == {"id", "type", "url", "name", "content", "contentMap", "to"}
    assert note["type"] == "Note"
    assert note["content"].startswith(text) and note["contentMap"] == {"en": note["content"]}


def test_what_holds_no_poll_says_the_same_as_before() -> None:
    like = {"type": "Like", "object": "https://here.test/posts/1", "proof": {}}

    assert without_polls(like) == like
    assert without_polls({"id": "https://x.test/1", "type": "Question"})["content"].endswith("https://x.test/1</a></p>")
