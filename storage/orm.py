"""The ORM's place: which models there are, and how they reach the database in use.

Models serve rare screens and commands (a read by them costs 104 µs, by constant SQL 18), so the ORM is loaded only
when a module of this room declares one (0.4 s and 25 MB).
"""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import Any

import tortoise.exceptions
from pypika_tortoise.queries import Table
from tortoise.backends.base.client import TransactionContext
from tortoise.context import TortoiseContext
from tortoise.context import _current_context as context_in_use
from tortoise.models import Model

from storage.errors import IntegrityError, OperationalError
from storage.session import Engine, block

_bound: list[TortoiseContext] = []  # whose dialect the models speak now: at most one


class OrmRefused(OperationalError, tortoise.exceptions.OperationalError):
    """The same failure under our name and the ORM's."""


class OrmForbidden(IntegrityError, tortoise.exceptions.IntegrityError):
    """The same failure under our name and the ORM's."""


class OrmTransaction(TransactionContext):
    """The ORM's own transactions are ours, joined when one is open."""

    def __init__(self, client: Any, engine: Engine) -> None:
        self.client = client
        self._block: AbstractAsyncContextManager[None] = block(engine)

    async def __aenter__(self) -> Any:
        await self._block.__aenter__()
        return self.client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._block.__aexit__(kind, error, trace)


@contextmanager
def in_their_words() -> Iterator[None]:
    """Our errors so that the ORM recognises them too."""
    try:
        yield
    except IntegrityError as error:
        raise OrmForbidden(str(error)) from error
    except OperationalError as error:
        raise OrmRefused(str(error)) from error


def models() -> list[type[Model]]:
    """Every model that a module loaded so far declares."""
    found: list[type[Model]] = []
    known = Model.__subclasses__()
    while known:
        model = known.pop()
        known.extend(model.__subclasses__())
        if not model._meta.abstract and not model.__module__.startswith("tortoise."):
            found.append(model)
    return sorted(found, key=lambda model: model.__name__)


async def context(engine: Engine) -> TortoiseContext | None:
    """What `use` needs to make the models act on `engine`; None when there are none."""
    declaring = sorted({model.__module__ for model in models()})
    if not declaring:
        return None
    made = TortoiseContext()
    connection = {"engine": f"storage.{engine.dialect}_orm", "credentials": {"engine": engine}}
    app = {"models": declaring, "default_connection": engine.dialect}
    before = _bound[:]
    token = context_in_use.set(made)
    try:
        await made.init(config={"connections": {engine.dialect: connection}, "apps": {"storage": app}})
    finally:
        context_in_use.reset(token)
    _bound[:] = [made]
    for other in before:
        with use(other):  # opening a database is no reason for the models to speak to it
            pass
    return made


@contextmanager
def use(chosen: TortoiseContext) -> Iterator[None]:
    """The models act on the database of that context inside the block.

    The context's own `with` keeps its token on itself, and so fails when two tasks use it at once.
    """
    token = context_in_use.set(chosen)
    try:
        _speak(chosen)
        yield
    finally:
        context_in_use.reset(token)


def _speak(chosen: TortoiseContext) -> None:
    """Models hold their dialect in their class: they speak that of the database used last, one at a time."""
    if _bound and _bound[0].default_connection == chosen.default_connection:
        return
    for model in chosen.apps["storage"].values() if chosen.apps is not None else ():
        model._meta.default_connection = chosen.default_connection
        model._meta._generate_filters()
        model._meta.basetable = Table(name=model._meta.db_table, schema=model._meta.schema)
        query: Any = model._meta.db.query_class.from_(model._meta.basetable)
        model._meta.basequery = query
        model._meta.basequery_all_fields = query.select(*model._meta.db_fields)
    _bound[:] = [chosen]
