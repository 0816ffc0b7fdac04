"""What the app says no to. The sentences may be shown to whoever asked."""


class AppError(Exception):
    """Something that was asked for and is not done; `str()` of it is a sentence for the asker.

    `fix` says what to do about it, where that is known: for whoever runs the server. The sentence is written out where
    it is raised, with `{name}` for each of `values`: so it is found by who translates it.
    """

    def __init__(self, sentence: str, *, fix: str = "", **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence = sentence
        self.values = values
        self.fix = fix


class NotFound(AppError):
    """There is no such thing, or not for this asker."""


class NotAllowed(AppError):
    """The asker may not do this."""


class Invalid(AppError):
    """What was given cannot be used; `field` names the part of it that is wrong, where it is one."""

    def __init__(self, sentence: str, *, field: str = "", fix: str = "", **values: object) -> None:
        super().__init__(sentence, fix=fix, **values)
        self.field = field


class Conflict(AppError):
    """It contradicts what is there already, for example a name that is taken."""


class TooMany(AppError):
    """The asker has done this too often; it may be tried again after `retry_after` seconds."""

    def __init__(self, sentence: str, *, retry_after: float, fix: str = "", **values: object) -> None:
        super().__init__(sentence, fix=fix, **values)
        self.retry_after = retry_after
