"""Entities of a few lines: Tag, Marker, Rule."""

import hashlib
from collections.abc import Sequence
from typing import Any

from fedcomm import peers
from storage.markers import Marker
from storage.peers import Decision
from storage.registers import Act
from storage.sanctions import Sanction
from storage.severances import Severance
from storage.tags import Day, Featured
from web.mastodon.entities.times import day, moment

_ACTIONS = {"warn": "none", "freeze": "disable", "limit": "silence"}  # those that Mastodon calls by another name


def tag(
    base: str, name: str, history: Sequence[Day] = (), *, following: bool = False, featuring: bool = False
) -> dict[str, Any]:
    """A tag by itself, and how it was used on the last days (Mastodon API: "Tag")."""
    return {
        "id": name, "name": name, "url": f"{base}/tags/{name}", "following": following, "featuring": featuring,
        "history": [
            {"day": str(each.at // 1000), "uses": str(each.uses), "accounts": str(each.people)} for each in history
        ],
    }  # fmt: skip


def featured_tag(base: str, found: Featured) -> dict[str, Any]:
    """A tag on somebody's profile (Mastodon API: "FeaturedTag"); there is no page of one's posts with a tag alone."""
    return {
        "id": str(found.id), "name": found.name, "url": f"{base}/tags/{found.name}",
        "statuses_count": str(found.posts), "last_status_at": day(found.last_at),
    }  # fmt: skip


def marker(found: Marker) -> dict[str, Any]:
    """How far somebody has read (Mastodon API: "Marker")."""
    return {
        "last_read_id": str(found.last_read_id), "version": found.version, "updated_at": moment(found.updated_at)
    }  # fmt: skip


def domain_block(host: str, decision: Decision) -> dict[str, Any]:
    """A server that is blocked or limited (Mastodon API: "DomainBlock")."""
    return {
        "domain": peers.obfuscated(host) if decision.obfuscate else host,
        "digest": hashlib.sha256(host.encode()).hexdigest(),
        "severity": "suspend" if decision.policy == "suspend" else "silence", "comment": decision.public_comment,
    }  # fmt: skip


def severance(cut: Severance, here: str) -> dict[str, Any]:
    """Ties of a member that an admin has cut (Mastodon API: "RelationshipSeveranceEvent"); `here` stands for all
    servers that were not allowed by name, when this one began to speak with those alone."""
    return {
        "id": str(cut.id), "type": "domain_block", "purged": bool(cut.purged), "target_name": cut.host or here,
        "followers_count": cut.followers, "following_count": cut.following, "created_at": moment(cut.created_at),
    }  # fmt: skip


def warning(done: Sanction, target: dict[str, Any]) -> dict[str, Any]:
    """What was done about a member, and why (Mastodon API: "AccountWarning")."""
    return {
        "id": str(done.id), "action": _ACTIONS.get(done.act, done.act), "text": done.text, "status_ids": None,
        "target_account": target, "appeal": None, "created_at": moment(done.created_at),
    }  # fmt: skip


def caution(act: Act, post: int | None, target: dict[str, Any]) -> dict[str, Any]:
    """As `warning`, by moderators of a group, who do nothing else by it; `post` is what it is about, if still there."""
    return {
        "id": str(act.id), "action": "none", "text": act.summary, "status_ids": [str(post)] if post else None,
        "target_account": target, "appeal": None, "created_at": moment(act.recorded_at),
    }  # fmt: skip


def rules(texts: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rules of the server, numbered (Mastodon API: "Rule")."""
    return [
        {"id": str(number), "text": text, "hint": "", "translations": {}} for number, text in enumerate(texts, start=1)
    ]
