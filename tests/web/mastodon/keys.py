"""The keys that are always there in each kind of answer, and what each may hold: a word of our own.

A kind is a type, `None` for what may be null as well, `moment` and `date` for text of that form, `url` for an absolute
address, `number` for an id; or the name of another table, in a list for a list of those.
"""

import re
from typing import Any

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DATE = re.compile(r"\d{4}-\d\d-\d\d")

ACCOUNT: dict[str, Any] = {
    "id": "number", "username": str, "acct": str, "display_name": str, "locked": bool, "bot": bool, "group": bool,
    "discoverable": (bool, None), "indexable": bool, "created_at": "moment", "note": str, "url": "url", "uri": "url",
    "avatar": "url", "avatar_static": "url", "avatar_description": str, "header": "url", "header_static": "url",
    "header_description": str, "followers_count": int, "following_count": int, "statuses_count": int,
    "last_status_at": ("date", None), "hide_collections": (bool, None), "show_media": bool, "show_media_replies": bool,
    "show_featured": bool, "feature_approval": dict, "emojis": list, "fields": list,
}  # fmt: skip
MUTED_ACCOUNT = ACCOUNT | {"mute_expires_at": ("moment", None)}
LOCAL_ACCOUNT = ACCOUNT | {"noindex": bool, "roles": list}
ROLE = {"id": str, "name": str, "permissions": str, "color": str, "highlighted": bool}
SOURCE = {
    "privacy": str, "sensitive": bool, "language": (str, None), "note": str, "fields": list,
    "follow_requests_count": int, "hide_collections": (bool, None), "discoverable": (bool, None), "indexable": bool,
    "attribution_domains": list, "quote_policy": str,
}  # fmt: skip
STATE = {
    "functional": bool, "confirmed": bool, "approved": bool, "error_code": (str, None), "error": (str, None)
}  # fmt: skip
OWN_ACCOUNT = LOCAL_ACCOUNT | {"source": SOURCE, "role": ROLE, "state": STATE}
MENTION = {"id": "number", "username": str, "acct": str, "url": "url"}
TAG_IN_STATUS = {"name": str, "url": "url"}
TAG = {"id": str, "name": str, "url": "url", "history": list, "following": bool, "featuring": bool}
ATTACHMENT = {
    "id": "number", "type": str, "url": "url", "preview_url": "url", "remote_url": ("url", None),
    "preview_remote_url": ("url", None), "text_url": ("url", None), "meta": dict, "description": (str, None),
    "blurhash": (str, None),
}  # fmt: skip
FEATURED_TAG = {
    "id": "number", "name": str, "url": "url", "statuses_count": "number", "last_status_at": ("date", None)
}  # fmt: skip
OPTION = {"title": str, "votes_count": (int, None)}
POLL = {
    "id": "number", "expires_at": ("moment", None), "expired": bool, "multiple": bool, "votes_count": int,
    "voters_count": (int, None), "options": [OPTION], "emojis": list, "voted": bool, "own_votes": list,
}  # fmt: skip
STATUS_FOR_ALL: dict[str, Any] = {
    "id": "number", "created_at": "moment", "in_reply_to_id": ("number", None), "sensitive": bool,
    "in_reply_to_account_id": ("number", None), "spoiler_text": str, "visibility": str, "language": (str, None),
    "uri": "url", "url": "url", "replies_count": int, "reblogs_count": int, "favourites_count": int,
    "edited_at": ("moment", None), "content": str, "reblog": (dict, None), "account": ACCOUNT,
    "media_attachments": list, "mentions": [MENTION], "tags": [TAG_IN_STATUS], "emojis": list, "card": (dict, None),
    "poll": (dict, None), "quote": (dict, None), "quotes_count": int, "quote_approval": dict,
    "tagged_collections": list,
}  # fmt: skip
STATUS = STATUS_FOR_ALL | {"favourited": bool, "reblogged": bool, "muted": bool, "bookmarked": bool, "filtered": list}
OWN_STATUS = STATUS | {"pinned": bool}
DELETED_STATUS = {key: kind for key, kind in OWN_STATUS.items() if key != "content"} | {"text": str}
CONTEXT = {"ancestors": [STATUS], "descendants": [STATUS]}
EDIT = {
    "content": str, "spoiler_text": str, "sensitive": bool, "created_at": "moment", "account": ACCOUNT,
    "media_attachments": list, "emojis": list,
}  # fmt: skip
SOURCE_OF_STATUS = {"id": "number", "text": str, "spoiler_text": str}
RELATIONSHIP = {
    "id": "number", "following": bool, "showing_reblogs": bool, "notifying": bool, "languages": (list, None),
    "followed_by": bool, "blocking": bool, "blocked_by": bool, "muting": bool, "muting_notifications": bool,
    "muting_expires_at": ("moment", None), "requested": bool, "requested_by": bool, "domain_blocking": bool,
    "endorsed": bool, "note": str,
}  # fmt: skip
LIST = {"id": "number", "title": str, "replies_policy": str, "exclusive": bool}
NOTIFICATION = {
    "id": "number", "type": str, "created_at": "moment", "group_key": str, "account": ACCOUNT, "status": (dict, None)
}  # fmt: skip
NOTIFICATION_GROUP = {
    "group_key": str, "notifications_count": int, "type": str, "most_recent_notification_id": int,
    "page_min_id": "number", "page_max_id": "number", "latest_page_notification_at": "moment",
    "sample_account_ids": list, "status_id": ("number", None),
}  # fmt: skip
GROUPED_NOTIFICATIONS = {
    "accounts": [ACCOUNT], "statuses": [STATUS], "notification_groups": [NOTIFICATION_GROUP]
}  # fmt: skip
NOTIFICATION_POLICY = {
    "for_not_following": str, "for_not_followers": str, "for_new_accounts": str, "for_private_mentions": str,
    "for_limited_accounts": str, "for_bots": str,
    "summary": {"pending_requests_count": int, "pending_notifications_count": int},
}  # fmt: skip
NOTIFICATION_REQUEST = {
    "id": "number", "created_at": "moment", "updated_at": "moment", "notifications_count": "number",
    "account": ACCOUNT, "last_status": (dict, None),
}  # fmt: skip
CONVERSATION = {"id": "number", "unread": bool, "accounts": [ACCOUNT], "last_status": (dict, None)}
MARKER = {"last_read_id": "number", "version": int, "updated_at": "moment"}
SEARCH = {"accounts": [ACCOUNT], "statuses": [STATUS], "hashtags": [TAG], "collections": list}
RULE = {"id": str, "text": str, "hint": str}
PROFILE = {
    "id": "number", "display_name": str, "note": str, "formatted_note": str, "fields": list, "formatted_fields": list,
    "avatar": ("url", None), "avatar_static": ("url", None), "avatar_description": str, "header": ("url", None),
    "header_static": ("url", None), "header_description": str, "locked": bool, "bot": bool, "hide_collections": bool,
    "discoverable": bool, "indexable": bool, "show_media": bool, "show_media_replies": bool, "show_featured": bool,
    "attribution_domains": list, "featured_tags": list,
}  # fmt: skip
SCHEDULED_STATUS = {
    "id": "number", "scheduled_at": "moment", "media_attachments": list, "params": {
        "text": str, "poll": (dict, None), "media_ids": (list, None), "sensitive": (bool, None), "visibility": str,
        "spoiler_text": (str, None), "in_reply_to_id": (int, None), "language": (str, None), "application_id": int,
        "scheduled_at": (None,), "idempotency": (str, None), "with_rate_limit": bool,
    },
}  # fmt: skip
PREFERENCES = {
    "posting:default:visibility": str, "posting:default:sensitive": bool, "posting:default:language": (str, None),
    "posting:default:quote_policy": str, "reading:expand:media": str, "reading:expand:spoilers": bool,
    "reading:autoplay:gifs": bool,
}  # fmt: skip
CONFIGURATION: dict[str, Any] = {
    "accounts": {"max_featured_tags": int, "max_pinned_statuses": int},
    "statuses": {"max_characters": int, "max_media_attachments": int, "characters_reserved_per_url": int},
    "media_attachments": {
        "supported_mime_types": list, "image_size_limit": int, "image_matrix_limit": int, "video_size_limit": int,
        "video_frame_rate_limit": int, "video_matrix_limit": int, "description_limit": int,
    },
    "polls": {"max_options": int, "max_characters_per_option": int, "min_expiration": int, "max_expiration": int},
}  # fmt: skip
INSTANCE = {
    "domain": str, "title": str, "version": str, "source_url": "url", "description": str,
    "usage": {"users": {"active_month": int}}, "thumbnail": {"url": "url"}, "icon": list, "languages": list,
    "configuration": CONFIGURATION | {
        "urls": {"streaming": str}, "timelines_access": dict, "vapid": {"public_key": str},
        "translation": {"enabled": bool},
    },
    "registrations": {"enabled": bool, "approval_required": bool, "message": (str, None), "url": (str, None)},
    "api_versions": dict, "contact": {"email": str, "account": ACCOUNT}, "rules": [RULE], "wrapstodon": (dict, None),
}  # fmt: skip
OLD_INSTANCE = {
    "uri": str, "title": str, "short_description": str, "description": str, "email": str, "version": str,
    "urls": {"streaming_api": str}, "stats": {"user_count": int, "status_count": int, "domain_count": int},
    "thumbnail": "url", "languages": list, "registrations": bool, "approval_required": bool, "invites_enabled": bool,
    "configuration": CONFIGURATION, "contact_account": ACCOUNT, "rules": [RULE],
}  # fmt: skip


def wrong(value: Any, table: Any, path: str = "") -> list[str]:
    """What is missing or of another kind in an answer; [] when all is well."""
    if isinstance(table, dict):
        if not isinstance(value, dict):
            return [f"{path} is no object"]
        return [each for key, kind in table.items() for each in _entry(value, key, kind, f"{path}.{key}")]
    if isinstance(table, list):
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [each for at, entry in enumerate(value) for each in wrong(entry, table[0], f"{path}[{at}]")]
    kinds = table if isinstance(table, tuple) else (table,)
    return [] if any(_is(value, kind) for kind in kinds) else [f"{path} is {value!r}"]


def _entry(value: dict[str, Any], key: str, kind: Any, path: str) -> list[str]:
    return wrong(value[key], kind, path) if key in value else [f"{path} is missing"]


def _is(value: Any, kind: Any) -> bool:
    match kind:
        case None:
            return value is None
        case "number":
            return isinstance(value, str) and value.isdigit()
        case "moment":
            return isinstance(value, str) and bool(MOMENT.fullmatch(value))
        case "date":
            return isinstance(value, str) and bool(DATE.fullmatch(value))
        case "url":
            return isinstance(value, str) and value.startswith("https://")
        case _ if kind is int:
            return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)
