"""How threads of groups stand among each other, where that is not said by each answer itself: votes."""

from fedcomm import clock
from fedcomm.app import App
from storage import talks

_LATELY = 7 * 86_400_000  # ms: votes for older threads weigh when somebody answers in them


async def weigh(app: App) -> None:
    """Votes of the last minutes lift the threads they are for, a little."""
    await talks.weigh(clock.now_ms() - _LATELY)


async def weigh_group(app: App, group: int) -> None:
    """The job of a group that has switched votes on or off: its threads stand as those weigh that count now."""
    await talks.weigh_group(group)
