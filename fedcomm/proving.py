"""Proofs on what our people say to everybody: it can then be believed from whoever passes it on (FEP-8b32)."""

from activitypub import proofs
from activitypub.contexts import DATA_INTEGRITY, including
from fedcomm import clock
from fedcomm.app import App
from fedcomm.mapping.activities import Json
from storage.actors import Actor


async def proven(app: App, actor: Actor, activity: Json) -> Json:
    """The activity with a proof by the key of `actor`, one of ours.

    Only for what is public: nobody shall be able to prove to others what was said to a few.
    """
    key, key_id = await app.keyring.private(actor.id, "proof")
    context = including(activity["@context"], DATA_INTEGRITY)
    return proofs.sign({**activity, "@context": context}, key, key_id, clock.now())
