"""What can be wrong with settings, said so that it can be put right."""

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with what was given, and what to do about it."""

    text: str
    fix: str


class ConfigError(Exception):
    """The settings cannot be used; `problems` lists everything that is wrong with them."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(f"{problem.text}\nfix: {problem.fix}" for problem in problems))
        self.problems = problems
