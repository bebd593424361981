"""The pages of docs/reference that the code itself tells; `make contracts` writes them."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from contracts.__main__ import HERE, catalogue
from contracts.event import Event
from contracts.scopes import ROLES, Role, Scope
from lianqiao.cli import app
from shared.problem import Problem

ROOT = HERE.parent
FOLDER = ROOT / "docs" / "reference"
METHODS = "get", "put", "post", "patch", "delete"
BEGUN = re.compile(r"(?<!^)(?=[A-Z])")


def pages(documents: dict[str, dict[str, Any]]) -> dict[Path, str]:
    """Return the generated pages; `documents` are the services' OpenAPI documents by name."""
    written = {
        "configuration": _configuration(),
        "scopes-and-roles": _scopes(documents),
        "events": _events(),
        "errors": _errors(),
        "cli": _cli(),
        "http": _http(documents),
    }
    return {FOLDER / f"{name}.md": f"{text.strip()}\n" for name, text in written.items()}


def _generated(title: str, source: str, *text: str) -> str:
    note = f"<!-- Written from {source} by `make contracts`; do not edit. -->"
    return "\n\n".join((f"# {title}", note, *text))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _configuration() -> str:
    said = (
        "Settings are read once, at the start, from the environment; the value of a setting that "
        "is a table is JSON. `make run` sets what the embedded servers need by itself; a file "
        "`/run/secrets/NAME`, as container engines mount it, counts as the variable `NAME`."
    )
    found = [
        (f"`{name}`", _code(kind), _code(default), comment)
        for name, kind, default, comment in settings_found()
    ]
    return _generated(
        "Configuration",
        "shared/settings.py",
        said,
        _table(("variable", "type", "default", "what it is"), found),
    )


def settings_found() -> Iterator[tuple[str, str, str, str]]:
    """Yield every setting: its variable, type, default, and what its comment says."""
    source = (ROOT / "shared" / "settings.py").read_text()
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.name == "Settings":
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    comment = lines[(field.end_lineno or 1) - 1].partition("  # ")[2]
                    default = ast.unparse(field.value) if field.value else ""
                    kind = ast.unparse(field.annotation)
                    name = f"LIANQIAO_{field.target.id.upper()}"
                    yield name, kind, _shown(default), comment


def _shown(default: str) -> str:
    return re.sub(r"^SecretStr\((.*)\)$", r"\1", default).strip("'\"")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _operations(documents: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for document in documents.values():
        for path, methods in document["paths"].items():
            for method in METHODS:
                if method in methods:
                    yield method.upper(), path, methods[method]


def _needed(operation: dict[str, Any]) -> list[frozenset[str]]:
    return [
        frozenset(scope for scopes in choice.values() for scope in scopes)
        for choice in operation.get("security", ())
    ]


def _scopes(documents: dict[str, dict[str, Any]]) -> str:
    opened: defaultdict[str, int] = defaultdict(int)
    for _, _, operation in _operations(documents):
        for scope in {name for choice in _needed(operation) for name in choice}:
            opened[scope] += 1
    meant = _comments(ROOT / "contracts" / "scopes.py")
    scopes = [
        (f"`{scope.value}`", meant.get(scope.name, ""), str(opened[scope])) for scope in Scope
    ]
    roles = [
        (f"`{role.value}`", ", ".join(f"`{scope.value}`" for scope in sorted(ROLES[role])) or "—")
        for role in Role
    ]
    return _generated(
        "Scopes and roles",
        "contracts/scopes.py and the OpenAPI documents",
        "A token is granted scopes; a person or a program holds roles, which are short for scopes. "
        "What ends in `:import` or `:operate` only the platform's operator grants.",
        _table(("scope", "what for", "operations"), scopes),
        "## Roles",
        "A role without scopes is reserved for a service that is not built yet.",
        _table(("role", "scopes"), roles),
    )


def _comments(path: Path) -> dict[str, str]:
    """Return what stands behind the members of an enumeration."""
    found = re.findall(r'^    ([A-Z_]+) = "[^"]+"(?:  # (.*))?$', path.read_text(), re.MULTILINE)
    return dict(found)


def _events() -> str:
    sections = []
    for topic in sorted({event.topic() for event in catalogue().values()}):
        sections.append(f"## {topic}")
        sections += [_event(e) for e in catalogue().values() if e.topic() == topic]
    return _generated(
        "Events",
        "contracts/",
        "Every event is a [CloudEvents 1.0](https://cloudevents.io) document of the type named "
        "here; its topic is the first word of the type. The exact form: "
        "[asyncapi.json](../../contracts/asyncapi.json) and one "
        "[JSON Schema per type](../../contracts/schemas).",
        *sections,
    )


def _event(event: type[Event]) -> str:
    described = " ".join((event.__doc__ or "").split())
    fields = ", ".join(
        f"`{name}`" if field.is_required() else f"`{name}`?"
        for name, field in event.model_fields.items()
    )
    schema = f"[schema](../../contracts/schemas/{event.type}.json)"
    return (
        f"### {event.type}\n\n{described}\n\nSubject `{event.subject_field}` · {schema}\n\n{fields}"
    )


def _errors() -> str:
    rows = sorted(
        {
            (str(_status(problem)), problem.slug(), _title(problem), _place(problem))
            for problem in _problems(Problem)
        }
    )
    return _generated(
        "Errors",
        "the code",
        "An error is a document of [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457), "
        "`application/problem+json`: `type` names it, `detail` says what to do next, `errors` name "
        "the fields, `trace_id` is what to quote. OAuth's own routes answer as "
        "[RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) has it.",
        _table(
            ("status", "type", "meaning", "from"),
            ((status, f"`/problems/{slug}`", title, place) for status, slug, title, place in rows),
        ),
    )


def _problems(kind: type[Problem]) -> Iterator[type[Problem]]:
    for problem in kind.__subclasses__():
        yield problem
        yield from _problems(problem)


def _status(problem: type[Problem]) -> int:
    return getattr(problem, "status", 0)


def _title(problem: type[Problem]) -> str:
    return (problem.__doc__ or "").partition("\n")[0]


def _place(problem: type[Problem]) -> str:
    package, _, rest = problem.__module__.partition(".")
    return rest.partition(".")[0] if package == "services" else "every service"


def _cli() -> str:
    command = typer.main.get_command(app)
    return _generated(
        "The command `lianqiao`",
        "lianqiao/cli.py",
        "`lianqiao` lies in `.venv/bin` after `make install`. Exit codes: 0 done, 1 it could not "
        "be done and a sentence says why, 2 the command is misspelt, 3 something was found "
        "(`check`, `events dead-letters`), 70 a defect of ours.",
        *_commands(command, "lianqiao"),
    )


def _commands(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401  Typer's own type
    context = typer.Context(command, info_name=name)
    if hasattr(command, "list_commands"):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                yield from _commands(found, f"{name} {inner}")
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    yield f"## `{' '.join([name, *(f'{p.name}'.upper() for p in arguments)])}`"
    yield re.sub(r"\s*\n\s*", " ", (command.help or "").strip())
    rows = [(f"`{', '.join(p.opts + p.secondary_opts)}`", p.help or "") for p in options]
    if rows:
        yield _table(("option", "what it does"), rows)


def _http(documents: dict[str, dict[str, Any]]) -> str:
    sections = []
    for name, document in sorted(documents.items()):
        rows = [
            (
                f"`{method} {path.removeprefix(f'/api/{name}/v1')}`",
                _first(operation),
                " or ".join(", ".join(f"`{s}`" for s in sorted(c)) for c in _needed(operation) if c)
                or ("any token" if operation.get("security") else "public"),
            )
            for method, path, operation in _operations({name: document})
        ]
        title = f"## {name}, below `/api/{name}/v1`"
        link = f"[OpenAPI](../../contracts/openapi/{name}.json)"
        sections += [title, link, _table(("operation", "what it does", "needs"), rows)]
    return _generated(
        "HTTP operations",
        "the OpenAPI documents",
        "Lists come a page at a time: `limit`, and `next` with the address of what follows. A "
        "`POST` heeds `Idempotency-Key`, but for those whose answer holds a secret. Bulk "
        "operations take up to 5,000 items and answer per item.",
        *sections,
    )


def _first(operation: dict[str, Any]) -> str:
    return " ".join(str(operation.get("description", "")).partition("\n\n")[0].split())
