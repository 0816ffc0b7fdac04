"""Instance in both versions (Mastodon API: "Instance", "V1::Instance")."""

from typing import Any

import msgspec

from fedcomm import SOURCE, __version__, drafting, pins, profiles, tags, writing
from fedcomm.config import Config
from fedcomm.media import MAX_DESCRIPTION, MOST_ON_A_POST
from fedcomm.pictures import MOST_BYTES, MOST_PIXELS, TYPES
from fedcomm.settings import Settings
from storage.stats import Stats
from web.languages import AVAILABLE
from web.mastodon.entities.small import rules

# The part before the space is what clients judge our features by; it rises with what works, and the minor
# version stays below ten, since one of them reads "4.10" as 4.1.
_OPEN = {"local": "public", "remote": "public"}
API_LEVEL = 6  # endorsements and tags on profiles, blurring filters, media that can be deleted; 7 is quotes
VERSION = f"4.4.0 (compatible; fedcomm {__version__})"


def second(config: Config, settings: Settings, stats: Stats, contact: bytes) -> dict[str, Any]:
    """`/api/v2/instance`; `contact` is the JSON of an account."""
    base = config.base_url
    return {
        "domain": config.host, "title": settings.name, "version": VERSION, "source_url": SOURCE,
        "description": settings.description, "usage": {"users": {"active_month": stats.active_month}},
        "thumbnail": {"url": f"{base}/static/header.png", "blurhash": None, "description": "", "versions": {}},
        "icon": [{"src": f"{base}/static/icon.png", "size": "192x192"}],
        "languages": list(AVAILABLE), "configuration": _configuration(config) | {
            "urls": {
                "streaming": _streaming(base), "status": None, "about": f"{base}/about",
                "privacy_policy": f"{base}/privacy-policy",
                "terms_of_service": f"{base}/terms-of-service" if settings.terms else None,
            },
            "vapid": {"public_key": ""}, "translation": {"enabled": False},
            "timelines_access": {"live_feeds": _OPEN, "hashtag_feeds": _OPEN, "trending_link_feeds": _OPEN},
            "limited_federation": config.federation.allow_list_mode,
        },
        "registrations": {
            "enabled": settings.registration != "invite", "approval_required": settings.registration == "approval",
            "reason_required": settings.registration == "approval", "message": None, "min_age": None, "url": None,
        },
        "api_versions": {"mastodon": API_LEVEL, "fedcomm": 1},
        "contact": {"email": settings.contact_email, "account": msgspec.Raw(contact)},
        "rules": rules(settings.rules), "wrapstodon": None,
    }  # fmt: skip


def first(config: Config, settings: Settings, stats: Stats, contact: bytes) -> dict[str, Any]:
    """`/api/v1/instance`"""
    base = config.base_url
    return {
        "uri": config.host, "title": settings.name, "short_description": settings.description,
        "description": settings.description, "email": settings.contact_email, "version": VERSION,
        "urls": {"streaming_api": _streaming(base)}, "thumbnail": f"{base}/static/header.png",
        "languages": list(AVAILABLE),
        "stats": {"user_count": stats.people, "status_count": stats.posts, "domain_count": stats.peers},
        "registrations": settings.registration != "invite",
        "approval_required": settings.registration == "approval", "invites_enabled": settings.members_invite,
        "configuration": _configuration(config), "contact_account": msgspec.Raw(contact),
        "rules": rules(settings.rules),
    }  # fmt: skip


def _configuration(config: Config) -> dict[str, Any]:
    """What can be sent; of what can be attached, pictures only."""
    return {
        "accounts": {
            "max_featured_tags": tags.MAX_FEATURED, "max_pinned_statuses": pins.MOST,
            "max_profile_fields": profiles.MAX_FIELDS,
            "profile_field_name_limit": profiles.MAX_FIELD, "profile_field_value_limit": profiles.MAX_FIELD,
            "max_display_name_length": profiles.MAX_NAME, "max_note_length": profiles.MAX_NOTE,
        },
        "statuses": {
            "max_characters": config.limits.post_characters, "max_media_attachments": MOST_ON_A_POST,
            "characters_reserved_per_url": writing.URL_LENGTH,
        },
        "media_attachments": {
            "supported_mime_types": list(TYPES), "description_limit": MAX_DESCRIPTION,
            "image_size_limit": MOST_BYTES, "image_matrix_limit": MOST_PIXELS, "video_size_limit": MOST_BYTES,
            "video_frame_rate_limit": 60, "video_matrix_limit": 8_294_400,
        },
        "polls": {
            "max_options": drafting.MAX_OPTIONS, "max_characters_per_option": drafting.MAX_OPTION,
            "min_expiration": drafting.MIN_SECONDS, "max_expiration": drafting.MAX_SECONDS,
        },
    }  # fmt: skip


def _streaming(base: str) -> str:
    return "ws" + base.removeprefix("http")
