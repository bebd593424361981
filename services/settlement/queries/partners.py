"""Whose rows a caller sees, and what both sides are called."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_

from contracts.orders import Side
from services.settlement.models import Relationship
from shared.auth import Caller

Table = Any  # a model with buyer_id and supplier_id


def party(table: Table, caller: Caller, side: Side | None = None) -> ColumnElement[bool]:
    """Say what the row policies allow anyway, in words the planner finds an index for."""
    me = caller.organization_id
    if side is None:
        return or_(table.buyer_id == me, table.supplier_id == me)
    mine: ColumnElement[bool] = (table.buyer_id if side is Side.BUYER else table.supplier_id) == me
    return mine


def with_partner(
    table: Table, side: Side | None, counterparty_id: UUID | None
) -> list[ColumnElement[bool]]:
    """Say with whom, if it matters."""
    if counterparty_id is None:
        return []
    if side is None:
        return [or_(table.buyer_id == counterparty_id, table.supplier_id == counterparty_id)]
    return [(table.supplier_id if side is Side.BUYER else table.buyer_id) == counterparty_id]


def named(rows: Select[*tuple[Any, ...]], table: Table) -> Select[*tuple[Any, ...]]:
    """Add the names of both sides; none where nobody told them yet."""
    same = and_(
        Relationship.buyer_id == table.buyer_id, Relationship.supplier_id == table.supplier_id
    )
    return rows.outerjoin(Relationship, same).add_columns(
        Relationship.buyer_name, Relationship.supplier_name
    )
