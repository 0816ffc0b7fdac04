"""What kind of thing an object in an answer is, told by the keys that no other kind has; and the table it must fit."""

from collections.abc import Iterator
from typing import Any

from tests.web.mastodon import keys

MEDIA = {
    "id": "number", "type": str, "url": (str, None), "preview_url": (str, None), "remote_url": (str, None),
    "preview_remote_url": (str, None), "text_url": (str, None), "meta": dict, "description": (str, None),
    "blurhash": (str, None),
}  # fmt: skip
EMOJI = {"shortcode": str, "url": "url", "static_url": "url", "visible_in_picker": bool}
FILTER = {"id": "number", "title": str, "context": list, "expires_at": ("moment", None), "filter_action": str}
WORD = {"id": "number", "keyword": str, "whole_word": bool}
OLD_FILTER = {
    "id": "number", "phrase": str, "context": list, "whole_word": bool, "expires_at": ("moment", None),
    "irreversible": bool,
}  # fmt: skip
FILTERED = {"filter": FILTER, "keyword_matches": (list, None), "status_matches": (list, None)}
GROUP = {
    "group_key": str, "notifications_count": int, "type": str, "most_recent_notification_id": (int, "number"),
    "page_min_id": "number", "page_max_id": "number", "latest_page_notification_at": "moment",
    "sample_account_ids": list,
}  # fmt: skip
CONVERSATION = {"id": "number", "unread": bool, "accounts": [keys.ACCOUNT], "last_status": (dict, None)}
ANNOUNCEMENT = {
    "id": "number", "content": str, "starts_at": ("moment", None), "ends_at": ("moment", None), "all_day": bool,
    "published_at": "moment", "updated_at": "moment", "mentions": list, "statuses": list, "tags": list, "emojis": list,
    "reactions": list,
}  # fmt: skip
POLICY = {"for_not_following": str, "for_not_followers": str, "for_new_accounts": str, "for_private_mentions": str,
          "for_limited_accounts": str, "summary": dict}  # fmt: skip
SUGGESTION = {"source": str, "sources": list, "account": keys.ACCOUNT}
ITEM = {"id": "number", "state": str, "created_at": "moment", "account_id": ("number", None)}
COLLECTION = {
    "id": "number", "account_id": "number", "uri": "url", "url": "url", "local": bool, "name": str,
    "description": (str, None), "language": (str, None), "sensitive": bool, "discoverable": bool, "tag": (dict, None),
    "created_at": "moment", "updated_at": "moment", "item_count": int, "items": [ITEM],
}  # fmt: skip
FEATURED_TAG = {"id": "number", "name": str, "url": "url", "statuses_count": str, "last_status_at": ("date", None)}
APPLICATION = {"name": str, "website": (str, None)}

# The keys that tell the kind, and its table; the first that fits counts.
KINDS: tuple[tuple[str, frozenset[str], Any], ...] = (
    ("account", frozenset({"acct", "avatar"}), keys.ACCOUNT),
    ("mention", frozenset({"acct", "username", "url"}), keys.MENTION),
    ("deleted status", frozenset({"visibility", "replies_count", "text"}), keys.DELETED_STATUS),
    ("status", frozenset({"visibility", "replies_count"}), keys.STATUS),
    ("edit", frozenset({"content", "spoiler_text", "account"}), keys.EDIT),
    ("scheduled", frozenset({"scheduled_at", "params"}), keys.SCHEDULED_STATUS),
    ("draft", frozenset({"text", "spoiler_text", "visibility"}), keys.SCHEDULED_STATUS["params"]),
    ("source", frozenset({"text", "spoiler_text"}), keys.SOURCE_OF_STATUS),
    ("poll", frozenset({"options", "expired"}), keys.POLL),
    ("media", frozenset({"preview_url", "meta"}), MEDIA),
    ("emoji", frozenset({"shortcode"}), EMOJI),
    ("filtered", frozenset({"filter", "keyword_matches"}), FILTERED),
    ("filter", frozenset({"filter_action"}), FILTER),
    ("old filter", frozenset({"phrase", "irreversible"}), OLD_FILTER),
    ("word", frozenset({"keyword", "whole_word"}), WORD),
    ("group of notifications", frozenset({"group_key", "notifications_count"}), GROUP),
    ("notification", frozenset({"group_key", "created_at"}), keys.NOTIFICATION),
    ("policy", frozenset({"for_not_following"}), POLICY),
    ("relationship", frozenset({"following", "blocking"}), keys.RELATIONSHIP),
    ("list", frozenset({"replies_policy"}), keys.LIST),
    ("conversation", frozenset({"unread", "accounts"}), CONVERSATION),
    ("announcement", frozenset({"published_at", "all_day"}), ANNOUNCEMENT),
    ("marker", frozenset({"last_read_id"}), keys.MARKER),
    ("collection", frozenset({"item_count", "items"}), COLLECTION),
    ("suggestion", frozenset({"sources", "account"}), SUGGESTION),
    ("featured tag", frozenset({"statuses_count", "name", "url"}), FEATURED_TAG),
    ("tag", frozenset({"history", "following"}), keys.TAG),
)


def things(value: Any, path: str = "") -> Iterator[tuple[str, str, Any, Any]]:
    """Everything in an answer that is of a known kind: where it stands, its kind, itself and the table of the kind."""
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from things(each, f"{path}[{at}]")
    elif isinstance(value, dict):
        for kind, telling, table in KINDS:
            if telling <= value.keys():
                yield path, kind, value, table
                break
        for name, each in value.items():
            yield from things(each, f"{path}.{name}")


def wrong(value: Any) -> list[str]:
    """What is missing or of another kind in anything in an answer; [] when all is well."""
    return [f"{path} ({kind}){fault}" for path, kind, each, table in things(value) for fault in keys.wrong(each, table)]
