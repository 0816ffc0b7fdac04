"""ActivityPub between servers: who said it, what it says, how to say it back; it knows neither database nor web.

    from activitypub import documents, verify

    async def find(key_id: str, fresh: bool) -> verify.KnownKey:
        return await verify.find_key(key_id, client.get_document)  # or from a cache

    signer = await verify.request(request, host="groups.example", now=time.time(), find=find)
    activity = documents.read(request.body)
    verify.activity(activity, signer)  # from here on, activity["actor"] said this

Every address a stranger can influence is reached through `transport`, and nobody is believed but through `verify`.
"""

__fedcomm__ = True
