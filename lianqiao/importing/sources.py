"""Read a source into a staging file: everything an import does before it speaks to anybody."""

from pathlib import Path
from zoneinfo import ZoneInfo

from lianqiao.importing.deliveries import orders as deliveries_orders
from lianqiao.importing.mapping import DeliveriesMapping, OcelMapping
from lianqiao.importing.ocel import documents, opening
from lianqiao.importing.ocel import orders as ocel_orders
from lianqiao.importing.ocel.log import Told
from lianqiao.importing.staging import Staging

Mapping = OcelMapping | DeliveriesMapping


def stage(path: Path, mapping: Mapping, into: Staging, *, told: Told = lambda _: None) -> None:
    """Stage the orders and documents of a source, and note what is unknown, odd, or not taken."""
    zone = ZoneInfo(mapping.values.zone)
    if isinstance(mapping, OcelMapping):
        wanted = ocel_orders.wanted(mapping)
        with opening.open_log(path, wanted=wanted, zone=zone, told=told) as log:
            ocel_orders.check(mapping, log)
            ocel_orders.stage_orders(log, mapping, into)
            _note_lines(into, zone)
            documents.note_documents(log, mapping, into)
    else:
        deliveries_orders.stage_orders(path, mapping, into, told=told)
        _note_lines(into, zone)


def _note_lines(into: Staging, zone: ZoneInfo) -> None:
    into.settle()
    into.note_amounts()
    days = ((number, str(at.astimezone(zone).date())) for number, at in list(into.placed()))
    into.note_due_dates(days)
