"""Every document of other programs is read, or refused cleanly."""

import csv
import json
from typing import Any

import pytest

from activitypub import authenticity, dispatch, documents, nodeinfo, parse, render
from activitypub.activities import Activity
from activitypub.actors import Actor
from activitypub.errors import Malformed, ProtocolError
from activitypub.objects import Note
from activitypub.origins import same_origin
from tests.corpus import ROOT, bodies, corpus, folders

# Accepted by the list, but not what a server sends: filled in by the program that the tests belong to.
TEMPLATES = ("` +", "`+", "SCRUBBED_ID", "{{", "https:\\\\/")


@pytest.mark.parametrize("folder", folders())
def test_every_document_is_read_or_refused_cleanly(folder: str) -> None:
    corpus()  # skips
    read = refused = 0
    for name, body in bodies(folder):
        try:
            value = documents.decode(body)
            found = parse.document(value)
            read += 1
            _use(found)
        except ProtocolError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"{name}: {error!r}") from error
    assert read + refused > 0


def _use(value: Any) -> None:
    if isinstance(value, Activity):
        dispatch.shape_of(value)
        for one in dispatch.each(value):
            dispatch.shape_of(one)
        try:
            reduced = authenticity.reduce(value, value.actor)
            dispatch.shape_of(reduced)
        except ProtocolError:
            pass
    if isinstance(value, Activity | Note | Actor):
        documents.read(documents.write(render.document(value)))


def test_what_others_accept_is_accepted() -> None:
    with corpus("INDEX.csv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["expected"] in ("accept", "accept-if-mod")]
    refused = []
    for row in rows:
        text = (ROOT / row["path"]).read_text()
        if any(mark in text for mark in TEMPLATES):
            continue
        try:
            parse.activity(documents.read(text.encode()))
        except Malformed as error:
            refused.append(f"{row['path']}: {error}")

    assert rows
    assert not refused


def test_what_was_delivered_by_running_servers_is_an_activity_of_a_known_kind() -> None:
    count = 0
    for file in sorted(corpus("recorded").rglob("*.json")):
        recorded = json.loads(file.read_bytes())
        if not isinstance(recorded, dict) or not {"path", "request"} & recorded.keys():
            continue
        if not isinstance(recorded["body"], dict):
            continue
        activity = parse.activity(recorded["body"])
        assert activity.uri is not None, file.name
        assert dispatch.shape_of(activity)[-1] != dispatch.OTHER, file.name
        count += 1
    assert count > 150


def test_the_groups_of_running_servers_are_read_whole() -> None:
    for name in ("nodebb/group-actor", "piefed/group-actor", "fedify/group-actor"):
        group = parse.actor(json.loads(corpus(f"recorded/{name}.json").read_bytes()))
        assert group.kind == "Group"
        assert group.username
        assert group.keys
        assert group.outbox


@pytest.mark.parametrize(("path", "name"), [("nodebb/nodeinfo", "nodebb"), ("piefed/nodeinfo21", "piefed")])
def test_the_program_of_running_servers_is_read(path: str, name: str) -> None:
    assert nodeinfo.software(json.loads(corpus(f"recorded/{path}.json").read_bytes())).name == name


@pytest.mark.attack("ORI-01", "ORI-02", "ORI-03", "ORI-04", "ORI-09", "ORI-10", "ORI-11", "ORI-13", "ORI-15", "ORI-18")
def test_no_forgery_leaves_words_in_anothers_mouth() -> None:
    forgeries = json.loads(corpus("vectors/forgery/forgery_cases_dev.json").read_bytes())
    places = {"{LOCAL}": "https://ours.test", "{LOCAL_USER}": "https://ours.test/u/me"}
    weighed = 0
    for case in forgeries["cases"]:
        for step in case["steps"]:
            signer = forgeries["actors"].get(step.get("signed_by"))
            raw = step.get("raw_body") or json.dumps(step.get("deliver"))
            for place, url in places.items():
                raw = raw.replace(place, url)
            if signer is None or raw == "null":
                continue
            try:
                kept = authenticity.reduce(parse.activity(documents.read(raw.encode())), signer)
            except ProtocolError:
                continue
            weighed += 1
            for thing in _everything_in(kept):
                if isinstance(thing, Note):
                    assert thing.attributed_to == signer, case["id"]
                    assert same_origin(thing.uri, signer), case["id"]
                if isinstance(thing, Actor):
                    assert thing.uri == signer, case["id"]
    assert weighed > 20


def _everything_in(activity: Activity) -> list[Any]:
    found: list[Any] = list(activity.objects)
    for thing in activity.objects:
        if isinstance(thing, Activity):
            found += _everything_in(thing)
    return found
