"""How long a start takes until the first answer."""

from bench.figures import Figure, middle
from bench.house import House
from bench.plan import Plan

AIM_SECONDS = 1.5


def run(plan: Plan) -> list[Figure]:
    """The very first start, with its database to make, and later ones."""
    folder = plan.folder / "start"
    folder.mkdir()
    house = House(folder, plan.postgres)
    try:
        first = house.start()
        seconds, used = [], []
        for _ in range(plan.sizes.starts):
            house.stop()
            seconds.append(house.start())
            used.append(house.cpu)
    finally:
        house.drop()
    value, spread = middle(seconds)
    cpu, cpu_spread = middle(used)
    return [
        Figure(name="start to the first answer", value=value, unit="s", aim=AIM_SECONDS, spread=spread),
        Figure(name="start to the first answer, CPU", value=cpu, unit="s", spread=cpu_spread, cpu=True),
        Figure(name="very first start (makes its data directory)", value=first, unit="s"),
    ]
