"""What suppliers claim and give back: each is one call of the settlement service."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.portal.queries.api import Api


async def invoice_receipts(api: Api, claim: Mapping[str, Any], *, key: str) -> UUID:
    """Invoice what was accepted; returns the invoice."""
    answer = await api.send("POST", "settlement", "/invoices/from-receipts", claim, key=key)
    return UUID(answer["id"])


async def invoice_statement(
    api: Api, statement_id: UUID, claim: Mapping[str, Any], *, key: str
) -> UUID:
    """Invoice a statement that both sides agreed on; returns the invoice."""
    path = f"/statements/{statement_id}/invoice"
    answer = await api.send("POST", "settlement", path, claim, key=key)
    return UUID(answer["id"])


async def give_back(api: Api, note: Mapping[str, Any], *, key: str) -> None:
    """Correct an invoice by a credit note."""
    await api.send("POST", "settlement", "/credit-notes", note, key=key)
