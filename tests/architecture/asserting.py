"""Which tests say what must be true; `test_asserting.py` runs and tries it."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from tests.architecture.chokepoints import imported
from tests.architecture.rooms import ROOT, Source, dotted, nodes

Function = ast.FunctionDef | ast.AsyncFunctionDef

_SAYING = frozenset({"pytest.raises", "pytest.warns", "pytest.fail"})


@cache
def suite() -> tuple[Source, ...]:
    """Every module of the tests."""
    paths = sorted((ROOT / "tests").rglob("*.py"))
    return tuple(Source(".".join(path.relative_to(ROOT).with_suffix("").parts), path.read_text()) for path in paths)


def silent(sources: Sequence[Source]) -> Iterator[str]:
    """A test asserts something; that nothing was raised is not enough.

    It asserts by itself (`assert`, `pytest.raises`, `pytest.warns`, `pytest.fail`), or by a function of the tests that
    does. Such a function counts where its call stands alone, as in `await member.sees(post)`: one whose answer is used
    prepares what is tried, and asserts only that this worked.
    """
    asserting = _asserting(sources)
    for source in (source for source in sources if source.module.rpartition(".")[2].startswith("test_")):
        for function in (found for _, found in _functions(source) if found.name.startswith("test_")):
            if not _asserts(function, source, asserting):
                yield f"{source.module}:{function.lineno} {function.name} asserts nothing"


def _asserting(sources: Sequence[Source]) -> set[str]:
    """The functions that assert: by full name, and `.name` for methods, where all of that name do."""
    functions = [(full, source, function) for source in sources for full, function in _functions(source)]
    asserting: set[str] = set()
    while True:
        by_name: dict[str, bool] = {}
        for full, source, function in functions:
            says = full in asserting or _asserts(function, source, asserting)
            by_name[full] = by_name.get(full, True) and says
        found = {full for full, says in by_name.items() if says}
        if found == asserting:
            return asserting
        asserting = found


def _asserts(function: Function, source: Source, asserting: set[str]) -> bool:
    names = _names(source)
    for node in nodes(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Raise) and node.exc is not None and "AssertionError" in ast.unparse(node.exc):
            return True
        if isinstance(node, ast.Call) and dotted(node.func, names) in _SAYING:
            return True
        if isinstance(node, ast.Expr) and _called_alone(node, names) in asserting:
            return True
    return False


def _called_alone(statement: ast.Expr, names: Mapping[str, str]) -> str:
    """The function that a statement calls and does nothing else: its full name, `.name` for a method, or nothing."""
    call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    if not isinstance(call, ast.Call):
        return ""
    called = dotted(call.func)
    if isinstance(call.func, ast.Attribute) and called.partition(".")[0] not in names:
        return f".{call.func.attr}"
    return dotted(call.func, names)


@cache
def _names(source: Source) -> Mapping[str, str]:
    """What a name leads to that is imported or defined at the top of the module."""
    own = {node.name: f"{source.module}.{node.name}" for node in source.tree.body if isinstance(node, Function)}
    return imported(source) | own


def _functions(source: Source) -> Iterator[tuple[str, Function]]:
    """The functions of a module by full name, and the methods of its classes as `.name`."""
    for node in source.tree.body:
        if isinstance(node, Function):
            yield f"{source.module}.{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from ((f".{inner.name}", inner) for inner in node.body if isinstance(inner, Function))
