"""Build small event logs, in both forms, and lists of order lines, as CSV and as Excel."""

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

from openpyxl import Workbook

EPOCH = "1970-01-01T00:00:00.000Z"

Thing = dict[str, Any]

MAPPING = """
form = "ocel"
[buyer]
name = "Wheel Works"
[values]
currency = "EUR"
zone = "UTC"
[order]
object = "order"
number = "id"
supplier = "Vendor"
placed = "Place Order"
[line]
object = "item"
of_order = "item of order"
item_number = "Material"
quantity = "Quantity"
price = "Price"
due_on = "Due"
[[documents]]
name = "requisition"
plural = "requisitions"
object = "requisition"
created_by = "Ask"
events = ["Ask"]
[[documents]]
name = "receipt"
plural = "receipts"
role = "receipt"
service = "logistics"
events = ["Receive"]
[[documents]]
name = "invoice"
plural = "invoices"
role = "invoice"
service = "settlement"
object = "invoice"
events = ["Invoice"]
relation = "invoice of order"
amount = "Amount"
after = "receipt"
every_order = true
[[documents]]
name = "payment"
plural = "payments"
role = "payment"
service = "settlement"
object = "payment"
events = ["Pay"]
of = "invoice"
relation = "payment of invoice"
amount = "Amount"
once = "Pay"
"""


def thing(id_: str, type_: str, links: tuple[tuple[str, str], ...] = (), **values: str) -> Thing:
    """Describe an object; `links` are pairs of an object's id and a qualifier."""
    return {"id": id_, "type": type_, "links": links, "values": values}


def event(id_: str, type_: str, at: str, *objects: str) -> Thing:
    return {"id": id_, "type": type_, "at": at, "objects": objects}


OBJECTS = [
    thing("order:1", "order", Vendor="Spoke & Co"),
    thing("order:2", "order", Vendor="Felge GmbH"),
    thing("item:9", "item", (("order:1", "item of order"),), Material="SPOKE", Quantity="10.0",
          Price="1.25", Due="2024-03-01 09:00:00"),
    thing("item:10", "item", (("order:1", "item of order"),), Material="RIM", Quantity="2",
          Price="40.00", Due="2024-01-05"),
    thing("item:11", "item", (("order:2", "item of order"),), Material="RIM", Quantity="3",
          Price="39.95", Due="2024-05-01"),
    thing("requisition:1", "requisition"),
    thing("requisition:2", "requisition"),
    thing("invoice:1", "invoice", (("order:1", "invoice of order"), ("nowhere", "lost")),
          Amount="92.50"),
    thing("payment:1", "payment", (("invoice:1", "payment of invoice"),), Amount="92.50"),
]  # fmt: skip
EVENTS = [
    event("e1", "Ask", "2024-01-01T08:00:00Z", "requisition:1"),
    event("e2", "Place Order", "2024-01-10T23:30:00Z", "order:1"),
    event("e3", "Receive", "2024-02-01T08:00:00Z", "order:1"),
    event("e4", "Invoice", "2024-02-02T08:00:00Z", "invoice:1"),
    event("e5", "Receive", "2024-02-03T08:00:00Z", "order:1"),
    event("e6", "Pay", "2024-02-04T08:00:00Z", "payment:1"),
    event("e7", "Pay", "2024-02-05T08:00:00Z", "payment:1"),
    event("e8", "Pay", "2024-02-06T08:00:00Z", "payment:1"),
    event("e9", "Audit", "2024-03-01T08:00:00Z", "order:1"),
]
EMPTY_CHANGE = "payment:1", "Amount", "2024-02-05T08:00:00Z"


def log(path: Path, *, objects: list[Thing] = OBJECTS, events: list[Thing] = EVENTS) -> Path:
    """Write a log in the form that the file's ending says."""
    if path.suffix == ".json":
        path.write_text(json.dumps(_document(objects, events)), encoding="utf-8")
    else:
        _tables(path, objects, events)
    return path


def _types(things: list[Thing]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in things:
        names = found.setdefault(one["type"], [])
        names += [name for name in one.get("values", {}) if name not in names]
    return found


def _document(objects: list[Thing], events: list[Thing]) -> Thing:
    def types(things: list[Thing]) -> list[Thing]:
        return [
            {"name": name, "attributes": [{"name": one, "type": "string"} for one in names]}
            for name, names in _types(things).items()
        ]

    changed, attribute, at = EMPTY_CHANGE
    written = [
        {
            "id": one["id"],
            "type": one["type"],
            "attributes": [
                {"name": name, "time": EPOCH, "value": value}
                for name, value in one["values"].items()
            ]
            + ([{"name": attribute, "time": at, "value": ""}] if one["id"] == changed else []),
            "relationships": [{"objectId": to, "qualifier": name} for to, name in one["links"]],
        }
        for one in objects
    ]
    happened = [
        {
            "id": one["id"],
            "type": one["type"],
            "time": one["at"],
            "attributes": [],
            "relationships": [{"objectId": to, "qualifier": ""} for to in one["objects"]],
        }
        for one in events
    ]
    return {
        "events": happened,
        "objects": written,
        "eventTypes": types(events),
        "objectTypes": types(objects),
    }


def _tables(path: Path, objects: list[Thing], events: list[Thing]) -> None:
    connection = sqlite3.connect(path)
    for kind in "event", "object":
        connection.execute(f"CREATE TABLE {kind} (ocel_id TEXT, ocel_type TEXT)")
        connection.execute(f"CREATE TABLE {kind}_map_type (ocel_type TEXT, ocel_type_map TEXT)")
    connection.execute(
        "CREATE TABLE event_object (ocel_event_id TEXT, ocel_object_id TEXT, ocel_qualifier TEXT)"
    )
    connection.execute(
        "CREATE TABLE object_object (ocel_source_id TEXT, ocel_target_id TEXT, ocel_qualifier TEXT)"
    )
    for type_, names in _types(objects).items():
        columns = "".join(f', "{name}" TEXT' for name in names)
        connection.execute("INSERT INTO object_map_type VALUES (?, ?)", [type_, type_])
        connection.execute(
            f'CREATE TABLE "object_{type_}" '
            f"(ocel_id TEXT, ocel_time TEXT, ocel_changed_field TEXT{columns})"
        )
    for type_ in _types(events):
        suffix = type_.replace(" ", "")
        connection.execute("INSERT INTO event_map_type VALUES (?, ?)", [type_, suffix])
        connection.execute(f'CREATE TABLE "event_{suffix}" (ocel_id TEXT, ocel_time TEXT)')
    for one in objects:
        _insert_object(connection, one)
    for one in events:
        suffix = one["type"].replace(" ", "")
        connection.execute("INSERT INTO event VALUES (?, ?)", [one["id"], one["type"]])
        row = one["id"], one["at"]
        connection.execute(f'INSERT INTO "event_{suffix}" VALUES (?, ?)', row)  # noqa: S608
        for to in one["objects"]:
            connection.execute("INSERT INTO event_object VALUES (?, ?, '')", [one["id"], to])
    connection.commit()
    connection.close()


def _insert_object(connection: sqlite3.Connection, one: Thing) -> None:
    connection.execute("INSERT INTO object VALUES (?, ?)", [one["id"], one["type"]])
    names = ["ocel_id", "ocel_time", *one["values"]]
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    connection.execute(
        f'INSERT INTO "object_{one["type"]}" ({columns}) VALUES ({marks})',  # noqa: S608
        [one["id"], EPOCH, *one["values"].values()],
    )
    changed, attribute, at = EMPTY_CHANGE
    if one["id"] == changed:
        connection.execute(
            f'INSERT INTO "object_{one["type"]}" '  # noqa: S608
            "(ocel_id, ocel_time, ocel_changed_field) VALUES (?, ?, ?)",
            [one["id"], at, attribute],
        )
    for to, qualifier in one["links"]:
        connection.execute("INSERT INTO object_object VALUES (?, ?, ?)", [one["id"], to, qualifier])


LINES_MAPPING = """
form = "deliveries"
[buyer]
name = "Wheel Works"
[values]
currency = "EUR"
zone = "Asia/Shanghai"
dates = ["%d.%m.%Y"]
unknown = ["n/a"]
[file]
encoding = "gb18030"
[columns]
id = "ID"
number = "Order"
supplier = "Vendor"
item_name = "Item"
quantity = "Quantity"
price = "Price"
amount = "Value"
due_on = "Due"
ordered_on = "Ordered"
delivered_on = "Delivered"
"""
COLUMNS = [
    *("ID", "Order", "Vendor", "Item", "Quantity"),
    *("Price", "Value", "Due", "Ordered", "Delivered"),
]
GOOD = [
    ["1", "A-1", "宏远精密", "转向节", "1,000", "642.30", "642300.00", "01.03.2024", "10.01.2024",
     "28.02.2024"],
    ["2", "A-1", "宏远精密", "衬套", "2", "3.333", "6.66", "05.01.2024", "10.01.2024", "n/a"],
    ["3", "B-1", "嘉禾压铸", "壳体", "5", "0.10", "0", "01.04.2024", "n/a", "02.04.2024"],
]  # fmt: skip


def lines(path: Path, rows: list[list[str]] = GOOD, *, columns: list[str] = COLUMNS) -> Path:
    """Write order lines as CSV (in the encoding of Chinese Excel) or as Excel."""
    if path.suffix == ".csv":
        with path.open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows([columns, *rows])
        return path
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in [columns, *rows]:
        sheet.append(row)
    workbook.save(path)
    return path
