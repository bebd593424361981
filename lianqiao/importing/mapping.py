"""What a mapping names: where in a log or a list the orders of a company stand.

A mapping is a TOML file. Those that ship lie in `mappings/` and are found by their name alone.
"""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from contracts.values import Currency, Unit
from lianqiao.importing.values import UnusableError

SHIPPED = files("lianqiao.importing") / "mappings"
Text = Annotated[str, Field(min_length=1, max_length=200)]


def _a_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name} is no time zone; write one such as Asia/Shanghai") from None
    return name


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Buyer(_Named):
    """Whose orders these are."""

    name: Text


class Values(_Named):
    """How values are to be understood where the source does not say."""

    currency: Currency
    unit: Unit = "C62"  # UN/ECE Recommendation 20: a piece
    zone: Annotated[str, AfterValidator(_a_zone)] = "UTC"
    dates: tuple[Text, ...] = ()  # as in strftime; ISO 8601 is always understood
    unknown: tuple[str, ...] = ()  # words that mean that nobody knows
    decimal_mark: Literal[".", ","] = "."


# --- event logs -----------------------------------------------------------------------------


class Place(_Named):
    """Where a value stands: in an attribute, an id, a related object, an event's time, or here."""

    attribute: Text | None = None  # absent: the id of the object
    relation: Text | None = None  # the qualifier that leads to the object with the attribute
    event: Text | None = None  # the time of the first event of this type on the object
    value: Text | None = None  # the same for all

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        """Read a bare text as an attribute's name, and the word `id` as the object's id."""
        if isinstance(given, str):
            return {} if given == "id" else {"attribute": given}
        return given


class LogOrder(_Named):
    object: Text
    number: Place
    supplier: Place
    placed: Text | None = None  # the type of event that places an order


class LogLine(_Named):
    object: Text
    of_order: Text  # qualifier of the relation between a line and its order
    item_number: Place
    item_name: Place | None = None
    quantity: Place
    price: Place
    amount: Place | None = None
    due_on: Place
    plant: Place | None = None


class Document(_Named):
    """What else the log tells of: counted, checked, and taken in where it has a role."""

    name: Text
    plural: Text
    role: Literal["receipt", "invoice", "payment"] | None = None  # absent: counted alone
    service: Text | None = None  # that owns it; None: no service of the platform does
    object: Text | None = None
    events: tuple[Text, ...] = ()
    relation: Text | None = None  # qualifier that leads to its order, or to the document `of`
    of: Text | None = None
    amount: Text | None = None  # attribute
    created_by: Text | None = None  # every one should have such an event
    once: Text | None = None  # an event that may happen once to each
    after: Text | None = None  # a document: this one should not come before an order's last of it
    every_order: bool = False  # each order should have one

    @model_validator(mode="after")
    def _has_what_its_role_needs(self) -> "Document":
        needed: dict[str | None, tuple[str, ...]] = {
            "receipt": ("events",),
            "invoice": ("events", "object", "relation", "amount"),
            "payment": ("events", "object", "relation", "amount", "of"),
        }
        if lacking := [name for name in needed.get(self.role, ()) if not getattr(self, name)]:
            raise ValueError(f"the role {self.role} needs {', '.join(lacking)}")
        return self


class OcelMapping(_Named):
    """The mapping of an OCEL 2.0 log."""

    form: Literal["ocel"]
    about: str = ""
    buyer: Buyer
    values: Values
    object_values: Literal["first", "last"] = "first"  # which value of an attribute counts
    order: LogOrder
    line: LogLine
    documents: tuple[Document, ...] = ()


# --- lists of order lines -------------------------------------------------------------------


class Column(_Named):
    """A column of the file, or one value for all rows."""

    column: Text | None = None
    value: Text | None = None
    dates: tuple[Text, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        return {"column": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _names_one(self) -> "Column":
        if (self.column is None) == (self.value is None):
            raise ValueError("name either a column or a value")
        return self


class File(_Named):
    """How the file is written."""

    encoding: Text = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    sheet: Text | None = None  # of an Excel file; absent: the first
    header_row: Annotated[int, Field(ge=1, le=100)] = 1


class Columns(_Named):
    id: Column | None = None  # what makes a row one of its kind; a second one is refused
    number: Column
    supplier: Column
    item_number: Column | None = None  # absent: derived from the name
    item_name: Column
    quantity: Column
    unit: Column | None = None
    price: Column
    amount: Column | None = None
    due_on: Column
    ordered_on: Column | None = None
    plant: Column | None = None
    incoterm: Column | None = None
    delivered_on: Column | None = None  # then it was received in full
    delivery: Column | None = None  # number of the delivery note; absent: the day stands in


class Later(_Named):
    """A column that no service takes in yet: counted until then."""

    name: Text
    service: Text
    column: Text
    kind: Literal["date", "number", "amount"]


class DeliveriesMapping(_Named):
    """The mapping of a list of order lines, as CSV or Excel."""

    form: Literal["deliveries"]
    about: str = ""
    buyer: Buyer
    values: Values
    file: File = File()
    columns: Columns
    later: tuple[Later, ...] = ()


M = TypeVar("M", OcelMapping, DeliveriesMapping)
FORMS = {"ocel": OcelMapping, "deliveries": DeliveriesMapping}  # and commands


def shipped(form: str) -> dict[str, str]:
    """Return the mappings of a form that ship, by name, with what each is about."""
    found = {}
    for path in sorted(SHIPPED.iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml"):
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            if content["form"] == form:
                found[path.name.removesuffix(".toml")] = content.get("about", "")
    return found


def load(kind: type[M], named: str) -> M:
    """Read a mapping: a file, or the name of one that ships."""
    path = Path(named)
    if not path.exists() and (SHIPPED / f"{path.stem}.toml").is_file():
        text = (SHIPPED / f"{path.stem}.toml").read_text(encoding="utf-8")
    else:
        text = _read(path)
    try:
        content = tomllib.loads(text)
        if (form := content.get("form")) in FORMS and FORMS[form] is not kind:
            raise UnusableError(f"The mapping {named} is one for `lianqiao import {form}`.")
        return kind.model_validate(content)
    except tomllib.TOMLDecodeError as error:
        raise UnusableError(f"The mapping {named} is not TOML: {error}.") from error
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'mapping'}: {one['msg']}" for one in error.errors()
        )
        raise UnusableError(f"The mapping {named} cannot be used: {told}.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UnusableError(
            f"There is no mapping {path}; name a TOML file, or one that ships: "
            f"{', '.join(sorted(shipped('ocel') | shipped('deliveries')))}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableError(f"The mapping {path} cannot be read: {error}.") from error
