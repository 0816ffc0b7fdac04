"""What came of a report is told to who reported: by a message, or by an activity that their server understands."""

import storage.accounts
import storage.actors
from fedcomm import chats, dispatches, flags, letters, mails, speech
from fedcomm.app import App
from fedcomm.flags import Case
from storage import peers
from storage.actors import Actor
from storage.connect import Writes
from storage.ids import next_id


async def tell(app: App, writes: Writes, case: Case, by: Actor) -> None:
    """Who reported learns it, if they were told of here: by this server, elsewhere also by the group.

    Who lives on a fedcomm hears it from there, which alone knows them; on a Lemmy from 1.0 on it is marked there as
    dealt with. On an older one, and on PieFed, people are written to by people: somebody who runs this server does. A
    report that a group elsewhere passed on is that group's to answer.
    """
    who = await storage.actors.by_id(case.report.reporter_id)
    if who is not None and case.report.objects:
        account = await storage.accounts.of_actor(who.id)
        mails.post(app, writes, "objection", account=account.id if account else 0, about=case.report.id)
        return
    if who is None or who.gone:
        return
    if who.local:
        return await dispatches.report_ended(app, writes, who, case.target, case.report.outcome, case.report.answer)
    if case.group is not None and not case.group.local:
        return
    if await flags.hears_of_ends(who.host):
        return await flags.answer(app, writes, case, who, by)
    handle, tongue = speech.mention(app, case.target), await letters.tongue(app, who)
    words = letters.words_of_report(tongue, handle, case.report.outcome, case.report.answer)
    peer = await peers.get(who.host)
    if peer is not None and peer.software in chats.TAKEN_BY:
        return chats.say(app, writes, await flags.somebody(app), who, words)
    speaker = case.face if case.face is not None else await flags.service(app)
    await letters.say(app, writes, speaker, who, words, next_id())
