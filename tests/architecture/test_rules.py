"""Rules the linters cannot express."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, called, modules, named, parsed

LINES_OF_FUNCTION_MAX, LINES_OF_MODULE_MAX = 40, 400
FORBIDDEN = {"util", "utils", "helper", "helpers", "common", "manager", "base", "misc", "data"}
SAID_BY_OTHERS = {"contracts/event.py": {"data"}}  # CloudEvents' own word


def identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield every name that a module gives to something, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def words(name: str) -> set[str]:
    """Return the words of a name, however they are joined."""
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def vague(path: Path, tree: ast.Module) -> list[str]:
    """Return the names in a module, and its own, that say nothing."""
    allowed = SAID_BY_OTHERS.get(named(path), set())
    found = [f"{named(path)}: {part}" for part in path.with_suffix("").parts if part in FORBIDDEN]
    return found + [
        f"{named(path)}:{line} {name}"
        for line, name in identifiers(tree)
        if words(name) & FORBIDDEN - allowed
    ]


def long_functions(path: Path, tree: ast.Module) -> list[str]:
    """Return the functions of a module that are two functions."""
    return [
        f"{named(path)}:{node.lineno} {node.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LINES_OF_FUNCTION_MAX
    ]


def ends_of_transactions(tree: ast.Module) -> list[int]:
    """Return the lines on which a transaction is ended by hand."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node.func) in {"commit", "rollback"}
    ]


def is_migration(path: Path) -> bool:
    """Tell a migration, which lists columns, from a module, which says what is done."""
    return path.parent.parent.name == "migrations"


def test_only_the_database_module_commits() -> None:
    for path in modules("services", "shared", "lianqiao"):
        if named(path) not in KAFKA_AND_FILES:
            assert not ends_of_transactions(parsed(path)), f"{named(path)} ends a transaction"


# Offsets of a consumer and a file of one's own are no transaction of a service.
KAFKA_AND_FILES = {"shared/kafka.py", "lianqiao/importing/staging.py"}


def test_a_module_and_a_function_have_one_subject_each() -> None:
    written = [path for path in modules() if not is_migration(path)]
    long = [
        named(path) for path in written if len(path.read_text().splitlines()) > LINES_OF_MODULE_MAX
    ]
    assert not long
    assert not [found for path in written for found in long_functions(path, parsed(path))]


def test_names_say_what_is_meant() -> None:
    ours = modules("contracts", "lianqiao", "migrations", "services", "shared")
    assert not [found for path in ours for found in vague(path, parsed(path))]


def test_no_row_is_waited_for_with_a_notify() -> None:
    """A NOTIFY inside a write transaction makes all commits of the database wait in one line.

    `shared/bars.py` alone may: its transaction writes nothing, and only calls while Kafka is away.
    """
    for path in [*modules("services", "shared", "lianqiao", "migrations"), *ROOT.rglob("*.sql")]:
        ours = ".venv" not in path.parts and "node_modules" not in path.parts
        if ours and named(path) != "shared/bars.py":
            assert not re.search(r"pg_notify|\bNOTIFY\s+\w+", path.read_text()), named(path)


def test_the_clock_is_read_at_the_edges_alone() -> None:
    """A domain takes the time as `at=`, so that a seeded simulation is possible."""
    for path in modules("services"):
        if "domain" in (path.stem, path.parent.name):
            calls = {called(n.func) for n in ast.walk(parsed(path)) if isinstance(n, ast.Call)}
            assert not calls & {"now", "utcnow", "today", "utc_now", "time", "uuid4", "uuid7"}, path


@pytest.mark.parametrize(
    ("planted", "rule"),
    [
        ("def f() -> None:\n" + "    pass\n" * 41, long_functions),
        ("def f(base: int) -> None: ...", vague),
        ("class OrderManager: ...", vague),
        ("parse_data = 1", vague),
        ("session.commit()", lambda _, tree: ends_of_transactions(tree)),
    ],
)
def test_the_rules_bite(planted: str, rule: object) -> None:
    assert callable(rule)
    assert rule(ROOT / "services" / "orders" / "domain.py", ast.parse(planted))
    assert not rule(ROOT / "services" / "orders" / "domain.py", ast.parse("placed = 1"))
