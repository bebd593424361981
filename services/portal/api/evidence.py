"""The evidence of a debt as one file: what both sides said, from the order to the payment."""

import asyncio
import json
from collections.abc import Mapping
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import Response

from contracts.scopes import Scope
from services.portal.api.orders import Written
from services.portal.api.page import Visitor, needs, page_router
from services.portal.queries.api import Api, Refused
from shared.problem import NotFound

ZIP = "application/zip"
PDF = "delivery-note.pdf"

router = page_router()
Papers = dict[str, bytes]
LeftOut = dict[str, str]


@router.get("/owed/{payable_id}/evidence")
async def evidence(visitor: Visitor, payable_id: UUID, written: Written) -> Response:
    """Return every record behind a debt, each as its service tells it, with its SHA-256.

    What the visitor's role may not read is left out and named in the manifest.
    """
    needs(visitor, Scope.SETTLEMENT_READ)
    papers, left_out = await _collected(visitor.api, payable_id)
    manifest = {
        "about": f"/owed/{payable_id}",
        "made_on": str(written.today),
        "made_for": visitor.me.organization.name,
        "files": {
            name: {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in sorted(papers.items())
        },
        "left_out": left_out,
    }
    papers["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=2).encode()
    content = await asyncio.to_thread(_packed, papers)
    name = f"evidence-{payable_id}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=ZIP, headers=headers)


async def _collected(api: Api, payable_id: UUID) -> tuple[Papers, LeftOut]:
    """Follow the debt to its order, receipt, shipment, invoices and statement."""
    debt = await _read(api, "settlement", f"/payables/{payable_id}")
    papers, left_out = {"debt.json": _text(debt)}, dict[str, str]()
    asked = {
        "order.json": ("orders", f"/orders/{debt['order_id']}"),
        "order-story.json": ("orders", f"/orders/{debt['order_id']}/story"),
        "receipt.json": ("logistics", f"/receipts/{debt['receipt_id']}"),
    }
    for claim in debt["invoices"]:
        asked[f"invoice-{claim['invoice_id']}.json"] = (
            "settlement",
            f"/invoices/{claim['invoice_id']}",
        )
    if debt.get("statement_id"):
        asked["statement.json"] = "settlement", f"/statements/{debt['statement_id']}"
    await _add(api, asked, papers, left_out)
    shipment_id = json.loads(papers.get("receipt.json", b"{}")).get("shipment_id")
    if shipment_id:
        path = f"/shipments/{shipment_id}"
        shipped = {
            "shipment.json": ("logistics", path),
            PDF: ("logistics", f"{path}/delivery-note"),
        }
        await _add(api, shipped, papers, left_out)
    return papers, left_out


async def _add(
    api: Api, asked: Mapping[str, tuple[str, str]], papers: Papers, left_out: LeftOut
) -> None:
    for name, (service, path) in asked.items():
        try:
            if name == PDF:
                papers[name] = (await api.call("GET", service, path)).content
            else:
                papers[name] = _text(await _read(api, service, path))
        except (Refused, NotFound) as refused:
            left_out[name] = str(refused)


async def _read(api: Api, service: str, path: str) -> Any:  # noqa: ANN401
    """Read one resource, or a list with all of its pages."""
    told = (await api.call("GET", service, path)).json()
    page = told if isinstance(told, dict) else {}
    while page.get("next"):
        [cursor] = parse_qs(urlsplit(page["next"]).query)["cursor"]
        page = (await api.call("GET", service, path, query={"cursor": cursor})).json()
        told["items"] += page["items"]
        told["next"] = None
    return told


def _text(told: Any) -> bytes:  # noqa: ANN401
    """Write what a service told so that people can read it."""
    return json.dumps(told, ensure_ascii=False, indent=2).encode()


def _packed(papers: Papers) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name, content in sorted(papers.items()):
            archive.writestr(name, content)
    return packed.getvalue()
