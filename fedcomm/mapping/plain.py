"""Polls as texts, for programs that know none: the answers are listed, and a link leads to where one can vote."""

import html
from typing import Any

Json = dict[str, Any]

_OF_POLLS = frozenset(("oneOf", "anyOf", "endTime", "closed", "votersCount"))
_SIGNED = frozenset(("proof", "signature"))  # of what was said otherwise


def asks(document: Any) -> bool:
    """Whether there is a poll in a document."""
    if not isinstance(document, dict):
        return False
    return document.get("type") == "Question" or asks(document.get("object"))


def without_polls(document: Json) -> Json:
    """The document with every poll in it as a text. Nothing that is signed with the poll in it keeps its signature."""
    if document.get("type") == "Question":
        return _text(document)
    inner = document.get("object")
    if not isinstance(inner, dict):
        return document
    kept = {name: value for name, value in document.items() if name not in _SIGNED}
    return kept | {"object": without_polls(inner)}


def _text(question: Json) -> Json:
    more = _answers(question)
    told = {name: value for name, value in question.items() if name not in _OF_POLLS | _SIGNED}
    told |= {"type": "Note", "content": f"{question.get('content') or ''}{more}"}
    if isinstance(versions := question.get("contentMap"), dict):
        told["contentMap"] = {language: f"{said}{more}" for language, said in versions.items()}
    return told


def _answers(question: Json) -> str:
    answers = question.get("oneOf") or question.get("anyOf")
    names = [answer.get("name") for answer in answers if isinstance(answer, dict)] if isinstance(answers, list) else []
    listed = "".join(f"<li>{html.escape(name, quote=False)}</li>" for name in names if isinstance(name, str))
    where = question.get("url") if isinstance(question.get("url"), str) else question.get("id")
    link = html.escape(str(where))
    return f'<ul>{listed}</ul><p><a href="{link}">{link}</a></p>'
