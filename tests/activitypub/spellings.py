"""Documents in the shapes that programs send, written for these tests."""

from typing import Any

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
AS = "https://www.w3.org/ns/activitystreams"
PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"


def person(host: str = "micro.test", name: str = "ada", **more: Any) -> dict[str, Any]:
    """An actor in Mastodon's shape."""
    uri = f"https://{host}/users/{name}"
    return {
        "@context": [
            AS,
            "https://w3id.org/security/v1",
            {
                "toot": "http://joinmastodon.org/ns#",
                "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
                "featured": {"@id": "toot:featured", "@type": "@id"},
                "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
                "movedTo": {"@id": "as:movedTo", "@type": "@id"},
                "PropertyValue": "schema:PropertyValue",
                "schema": "http://schema.org#",
                "value": "schema:value",
            },
        ],
        "id": uri,
        "type": "Person",
        "following": f"{uri}/following",
        "followers": f"{uri}/followers",
        "inbox": f"{uri}/inbox",
        "outbox": f"{uri}/outbox",
        "featured": f"{uri}/collections/featured",
        "featuredTags": f"{uri}/collections/tags",
        "preferredUsername": name,
        "name": "Ada :star:",
        "summary": "<p>Counts things</p>",
        "url": f"https://{host}/@{name}",
        "manuallyApprovesFollowers": True,
        "discoverable": True,
        "indexable": False,
        "published": "2024-02-29T00:00:00Z",
        "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": PEM},
        "tag": [{"type": "Emoji", "name": ":star:", "icon": {"type": "Image", "url": f"https://{host}/star.png"}}],
        "attachment": [{"type": "PropertyValue", "name": "Site", "value": '<a href="https://ada.test">ada.test</a>'}],
        "endpoints": {"sharedInbox": f"https://{host}/inbox"},
        "icon": {"type": "Image", "mediaType": "image/png", "url": f"https://{host}/ada.png"},
        "alsoKnownAs": ["https://old.test/users/ada"],
        **more,
    }


def lemmy_group(host: str = "link.test", name: str = "bees", **more: Any) -> dict[str, Any]:
    """A community in Lemmy's shape."""
    uri = f"https://{host}/c/{name}"
    return {
        "@context": ["https://join-lemmy.org/context.json", AS],
        "type": "Group",
        "id": uri,
        "preferredUsername": name,
        "name": "Bees & hives",
        "summary": "<p>All about bees</p>\n",
        "source": {"content": "All about bees", "mediaType": "text/markdown"},
        "sensitive": False,
        "attributedTo": f"{uri}/moderators",
        "postingRestrictedToMods": False,
        "icon": {"type": "Image", "url": f"https://{host}/pictrs/bee.png"},
        "inbox": f"{uri}/inbox",
        "outbox": f"{uri}/outbox",
        "followers": f"{uri}/followers",
        "featured": f"{uri}/featured",
        "endpoints": {"sharedInbox": f"https://{host}/inbox"},
        "publicKey": {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": PEM},
        "language": [{"identifier": "de", "name": "Deutsch"}, {"identifier": "en", "name": "English"}],
        "published": "2023-05-01T10:20:30.123456Z",
        "updated": "2023-05-02T10:20:30.123456Z",
        **more,
    }


def mastodon_create(host: str = "micro.test", **more: Any) -> dict[str, Any]:
    """A reply with a mention, a tag, a picture and an emoji, as Mastodon delivers it."""
    actor = f"https://{host}/users/ada"
    uri = f"{actor}/statuses/1001"
    return {
        "@context": [AS, {"ostatus": "http://ostatus.org#", "sensitive": "as:sensitive", "Hashtag": "as:Hashtag"}],
        "id": f"{uri}/activity",
        "type": "Create",
        "actor": actor,
        "published": "2026-03-04T05:06:07Z",
        "to": [PUBLIC],
        "cc": [f"{actor}/followers", "https://link.test/c/bees"],
        "object": {
            "id": uri,
            "type": "Note",
            "summary": None,
            "inReplyTo": "https://link.test/post/7",
            "published": "2026-03-04T05:06:07Z",
            "url": f"https://{host}/@ada/1001",
            "attributedTo": actor,
            "to": [PUBLIC],
            "cc": [f"{actor}/followers", "https://link.test/c/bees"],
            "sensitive": False,
            "atomUri": uri,
            "conversation": f"tag:{host},2026-03-04:objectId=9:objectType=Conversation",
            "context": f"https://{host}/contexts/9",
            "content": "<p>Look, <span>@bees</span> #Hive :bee:</p>",
            "contentMap": {"en": "<p>Look, <span>@bees</span> #Hive :bee:</p>"},
            "attachment": [
                {
                    "type": "Document",
                    "mediaType": "image/jpeg",
                    "url": f"https://{host}/m/1.jpg",
                    "name": "a hive",
                    "blurhash": "UBL_:rOpGG",
                    "focalPoint": [0.0, -0.5],
                    "width": 640,
                    "height": 480,
                }
            ],
            "tag": [
                {"type": "Mention", "href": "https://link.test/c/bees", "name": "@bees@link.test"},
                {"type": "Hashtag", "href": f"https://{host}/tags/hive", "name": "#Hive"},
                {
                    "id": f"https://{host}/emojis/1",
                    "type": "Emoji",
                    "name": ":bee:",
                    "icon": {"type": "Image", "mediaType": "image/png", "url": f"https://{host}/e/bee.png"},
                },
            ],
            "replies": {
                "id": f"{uri}/replies",
                "type": "Collection",
                "first": {"type": "CollectionPage", "next": f"{uri}/replies?page=true", "partOf": uri, "items": []},
            },
        },
        **more,
    }


def lemmy_page(host: str = "link.test") -> dict[str, Any]:
    """A link post in Lemmy's shape."""
    return {
        "type": "Page",
        "id": f"https://{host}/post/7",
        "attributedTo": f"https://{host}/u/bo",
        "to": [f"https://{host}/c/bees", PUBLIC],
        "cc": [],
        "audience": f"https://{host}/c/bees",
        "name": "Is my hive alright?",
        "content": "<p>It <strong>hums</strong></p>\n",
        "mediaType": "text/html",
        "source": {"content": "It **hums**", "mediaType": "text/markdown"},
        "attachment": [
            {"type": "Link", "href": "https://news.test/hives"},
            {"type": "Image", "url": "https://i.test/x.png"},
        ],
        "image": {"type": "Image", "url": f"https://{host}/pictrs/thumb.jpg"},
        "sensitive": True,
        "commentsEnabled": False,
        "stickied": True,
        "language": {"identifier": "fr", "name": "Français"},
        "published": "2026-03-01T08:00:00.987654Z",
        "updated": None,
    }


def lemmy_announce(inner: dict[str, Any], host: str = "link.test") -> dict[str, Any]:
    """An activity as Lemmy's community passes it on."""
    return {
        "@context": ["https://join-lemmy.org/context.json", AS],
        "id": f"https://{host}/activities/announce/{inner['type'].lower()}/5f3c",
        "type": "Announce",
        "actor": f"https://{host}/c/bees",
        "to": [PUBLIC],
        "cc": [f"https://{host}/c/bees/followers"],
        "object": inner,
    }


def lemmy_like(
    actor: str = "https://link.test/u/bo", obj: str = "https://link.test/post/7", n: int = 1
) -> dict[str, Any]:
    """A vote in Lemmy's shape: no `to`."""
    host = actor.split("/")[2]
    return {
        "id": f"https://{host}/activities/like/{n}",
        "type": "Like",
        "actor": actor,
        "object": obj,
        "audience": "https://link.test/c/bees",
    }


def piefed_votes() -> dict[str, Any]:
    """Several votes in one Announce, as PieFed sends them to its own kind."""
    return lemmy_announce({"type": "votes"}, "pie.test") | {
        "object": [
            lemmy_like("https://pie.test/u/cy", "https://pie.test/post/1", 1),
            lemmy_like("https://pie.test/u/di", "https://pie.test/post/1", 2) | {"type": "Dislike"},
        ]
    }


def piefed_add_moderator() -> dict[str, Any]:
    """A group made through the API has no moderators' collection: the target is null."""
    return {
        "id": "https://pie.test/activities/add/1",
        "type": "Add",
        "actor": "https://pie.test/u/cy",
        "object": "https://micro.test/users/ada",
        "target": None,
        "to": [PUBLIC],
        "cc": ["https://pie.test/c/bees"],
        "audience": "https://pie.test/c/bees",
    }


def piefed_ban() -> dict[str, Any]:
    """A ban with an end, under both names."""
    return {
        "id": "https://pie.test/activities/block/1",
        "type": "Block",
        "actor": "https://pie.test/u/cy",
        "object": "https://pie.test/u/di",
        "target": "https://pie.test/c/bees",
        "endTime": "2027-01-01T00:00:00+00:00",
        "expires": "2027-01-01T00:00:00+00:00",
        "removeData": True,
        "summary": "spam",
        "audience": "https://pie.test/c/bees",
    }


def nodebb_delete() -> dict[str, Any]:
    """A deletion by a moderator in NodeBB's shape: numbers where ids belong."""
    return {
        "@context": AS,
        "id": "https://forum.test/post/13#activity/announce/1",
        "type": "Announce",
        "actor": "https://forum.test/category/5",
        "to": ["https://forum.test/category/5/followers"],
        "cc": ["https://forum.test/uid/1", PUBLIC, 2],
        "object": {
            "id": "https://forum.test/post/13#activity/delete/1",
            "type": "Delete",
            "actor": "https://forum.test/uid/1",
            "object": 2,
            "to": [],
            "cc": [2],
        },
    }


def nodebb_like() -> dict[str, Any]:
    """A vote with the whole post inside."""
    return {
        "@context": AS,
        "id": "https://forum.test/uid/2#activity/like/1",
        "type": "Like",
        "actor": "https://forum.test/uid/2",
        "cc": [2],
        "object": {
            "id": "https://link.test/post/7",
            "type": "Article",
            "attributedTo": "https://link.test/u/bo",
            "name": "not what was written",
            "content": "<p>forged</p>",
            "source": {"content": "x", "mediaType": "text/markdown"},
            "preview": {"type": "Note", "content": "x"},
        },
    }


def nodebb_reject_flag() -> dict[str, Any]:
    """The answer to every report: the flag inside has neither id nor actor."""
    return {
        "@context": AS,
        "id": "https://forum.test/actor#/activity/reject/1",
        "type": "Reject",
        "actor": "https://forum.test/actor",
        "object": {"type": "Flag", "target": "https://micro.test/users/ada", "object": {"id": 7}},
    }


def gotosocial_question() -> dict[str, Any]:
    """A poll as GoToSocial sends it: one-element lists are written without the list."""
    actor = "https://goat.test/users/ed"
    return {
        "@context": ["https://gotosocial.org/ns", AS],
        "id": f"{actor}/statuses/Q1",
        "type": "Question",
        "attributedTo": actor,
        "to": "as:Public",
        "cc": f"{actor}/followers",
        "content": "Honey?",
        "contentMap": {"en": "Honey?"},
        "tag": {"type": "Mention", "href": "https://micro.test/users/ada", "name": "@ada@micro.test"},
        "attachment": {"type": "Image", "mediaType": "image/png", "url": "https://goat.test/i.png"},
        "oneOf": [
            {"type": "Note", "name": "yes", "replies": {"type": "Collection", "totalItems": 4}},
            {"type": "Note", "name": "no", "replies": {"type": "Collection", "totalItems": "2"}},
        ],
        "endTime": "2026-04-01T00:00:00Z",
        "votersCount": 6,
        "published": "2026-03-31T00:00:00Z",
        "interactionPolicy": {"canReply": {"always": [PUBLIC], "approvalRequired": []}},
    }


def misskey_quote() -> dict[str, Any]:
    """A quote in Misskey's three spellings, with MFM as the source."""
    return {
        "@context": [AS, {"misskey": "https://misskey-hub.net/ns#", "_misskey_quote": "misskey:_misskey_quote"}],
        "id": "https://key.test/notes/q1",
        "type": "Note",
        "attributedTo": "https://key.test/users/fay",
        "summary": None,
        "content": "<p>this<br>RE: https://link.test/post/7</p>",
        "_misskey_content": "this",
        "source": {"content": "this", "mediaType": "text/x.misskeymarkdown"},
        "_misskey_quote": "https://link.test/post/7",
        "quoteUrl": "https://link.test/post/7",
        "quoteUri": "https://link.test/post/7",
        "to": ["Public"],
        "cc": ["https://key.test/users/fay/followers"],
        "attachment": [],
        "sensitive": False,
        "tag": [],
        "published": "2026-02-03T04:05:06.789Z",
    }


def misskey_reaction() -> dict[str, Any]:
    """A like that is an emoji."""
    return {
        "@context": AS,
        "id": "https://key.test/likes/1",
        "type": "Like",
        "actor": "https://key.test/users/fay",
        "object": "https://link.test/post/7",
        "content": ":bee:",
        "_misskey_reaction": ":bee:",
        "tag": [{"type": "Emoji", "name": ":bee:", "icon": {"type": "Image", "url": "https://key.test/bee.png"}}],
    }


def peertube_video() -> dict[str, Any]:
    """A film: two owners with types, links of many kinds, Markdown as content, icons in a list."""
    return {
        "@context": [AS, {"pt": "https://joinpeertube.org/ns#", "sc": "http://schema.org/"}],
        "type": "Video",
        "id": "https://tube.test/videos/watch/1",
        "name": "How to keep bees",
        "duration": "PT127S",
        "tag": [{"type": "Hashtag", "name": "bees"}],
        "language": {"identifier": "en", "name": "English"},
        "views": 12,
        "sensitive": False,
        "commentsEnabled": True,
        "published": "2026-01-02T03:04:05.678Z",
        "updated": "2026-01-02T03:04:06.678Z",
        "mediaType": "text/markdown",
        "content": "Some *advice*",
        "icon": [
            {"type": "Image", "url": "https://tube.test/small.jpg", "width": 280, "height": 157},
            {"type": "Image", "url": "https://tube.test/large.jpg", "width": 850, "height": 480},
        ],
        "url": [
            {"type": "Link", "mediaType": "application/x-mpegURL", "href": "https://tube.test/1.m3u8"},
            {"type": "Link", "mediaType": "text/html", "href": "https://tube.test/w/1"},
        ],
        "likes": "https://tube.test/videos/watch/1/likes",
        "comments": "https://tube.test/videos/watch/1/comments",
        "attributedTo": [
            {"type": "Group", "id": "https://tube.test/video-channels/bees"},
            {"type": "Person", "id": "https://tube.test/accounts/gus"},
        ],
        "to": [PUBLIC],
        "cc": ["https://tube.test/accounts/gus/followers"],
    }


def friendica_create() -> dict[str, Any]:
    """A post to a forum: the source is a bare string, addresses are strings."""
    return {
        "@context": [
            AS,
            {"dfrn": "http://purl.org/macgirvin/dfrn/1.0/", "diaspora": "https://diasporafoundation.org/ns/"},
        ],
        "id": "https://frend.test/objects/1/Create",
        "type": "Create",
        "actor": "https://frend.test/profile/hal",
        "published": "2026-03-04T05:06:07Z",
        "instrument": {"type": "Application", "name": "Friendica 'Interrupted Fern' 2024.12-1576"},
        "to": "https://www.w3.org/ns/activitystreams#Public",
        "cc": "https://frend.test/followers/hal",
        "object": {
            "id": "https://frend.test/objects/1",
            "type": "Page",
            "diaspora:guid": "1-2-3",
            "context": "https://frend.test/context/1",
            "attributedTo": "https://frend.test/profile/hal",
            "name": "Wax",
            "content": "Sold <b>out</b>",
            "contentMap": {"de": "Sold <b>out</b>"},
            "source": "Sold [b]out[/b]",
            "mediaType": "text/html",
            "directMessage": False,
            "to": "https://www.w3.org/ns/activitystreams#Public",
            "cc": "https://frend.test/followers/hal",
            "attachment": [],
            "tag": [],
        },
    }


def mbin_delete_by_moderator() -> dict[str, Any]:
    """A removal in Mbin's shape, wrapped by the magazine."""
    return lemmy_announce(
        {
            "@context": [AS, "https://w3id.org/security/v1", "https://mbin.test/contexts"],
            "id": "https://mbin.test/m/bees/t/1#delete/1",
            "type": "Delete",
            "actor": "https://mbin.test/u/mod",
            "object": {"id": "https://micro.test/users/ada/statuses/1001", "type": "Tombstone"},
            "to": [PUBLIC],
            "cc": ["https://mbin.test/m/bees"],
            "summary": " ",
        },
        "mbin.test",
    ) | {"actor": "https://mbin.test/m/bees"}


def mastodon_delete() -> dict[str, Any]:
    """A deletion with a tombstone."""
    return {
        "@context": AS,
        "id": "https://micro.test/users/ada/statuses/1001#delete",
        "type": "Delete",
        "actor": "https://micro.test/users/ada",
        "to": [PUBLIC],
        "object": {"id": "https://micro.test/users/ada/statuses/1001", "type": "Tombstone", "atomUri": "x"},
    }


ALL = [
    person(),
    lemmy_group(),
    mastodon_create(),
    lemmy_page(),
    lemmy_announce(lemmy_like()),
    piefed_votes(),
    piefed_add_moderator(),
    piefed_ban(),
    nodebb_delete(),
    nodebb_like(),
    nodebb_reject_flag(),
    gotosocial_question(),
    misskey_quote(),
    misskey_reaction(),
    peertube_video(),
    friendica_create(),
    mbin_delete_by_moderator(),
    mastodon_delete(),
]
