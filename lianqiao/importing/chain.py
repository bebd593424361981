"""Send staged receipts, invoices and payments through the public APIs, as the buyer tells them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel

from contracts.values import Money, plain
from lianqiao.client import Api, Json
from lianqiao.entering import Patience, entered
from lianqiao.importing import sums
from lianqiao.importing.documents import Invoice, Payment, Receipt
from lianqiao.importing.staging import Staging
from lianqiao.parties import Told

PER_CALL = 500
RECEIPTS = "/api/logistics/v1/receipts/import"
INVOICES = "/api/settlement/v1/invoices/import"
PAYMENTS = "/api/settlement/v1/payments/import"


class _Balance(BaseModel):
    account: str
    balance: Money


@dataclass
class Chain:
    """Documents on their way to the platform, and what becomes of them."""

    staged: Staging
    buyer: Api
    buyer_id: UUID
    supplier_ids: Mapping[str, UUID]
    currency: str
    told: Told
    became: dict[str, Counter[str]] = field(default_factory=dict)  # how many by kind and status

    async def through(self) -> None:
        """Send all: receipts, then invoices once what came is owed, then payments.

        What is there already is left as it is; what is refused is noted with its reason.
        """
        documents = self.staged.documents
        receipts = list(documents.receipts())
        await self._send("receipts", RECEIPTS, receipts, [self._receipt(one) for one in receipts])
        invoices = list(documents.invoices())
        if invoices:
            await self._wait_until_owed()
        await self._send("invoices", INVOICES, invoices, [self._invoice(one) for one in invoices])
        payments = list(documents.payments())
        await self._send("payments", PAYMENTS, payments, [self._payment(one) for one in payments])

    async def _send(
        self,
        kind: str,
        path: str,
        documents: Sequence[Receipt | Invoice | Payment],
        bodies: Sequence[Json],
    ) -> None:
        if not documents:
            return

        def told(done: int) -> None:
            self.told(kind, done, len(documents))

        results = await entered(self.buyer, path, kind, bodies, batch=PER_CALL, told=told)
        statuses = self.became.setdefault(kind, Counter())
        for document, result in zip(documents, results, strict=True):
            known = result.status in ("unchanged", "refused")
            statuses[result.status if known else "accepted"] += 1
            if problem := result.problem:
                reason = f"{problem.title}: {problem.detail}"
                self.staged.documents.refuse(kind, document.number, reason, order=document.order)

    async def _wait_until_owed(self) -> None:
        """Wait until settlement owes for what came, so that each invoice finds its goods.

        Where that takes too long it goes on: an invoice is matched when its goods are heard of.
        """
        due = sums.overall(sums.given(self.staged)[sums.DELIVERED]).amount_minor
        patience, owed = Patience(), -1
        while owed < due:
            now = await self._owed()
            if now != owed:
                patience.moved()
            owed = now
            self.told("owed for", min(owed, due), due)
            if owed < due and not await patience.rest():
                return

    async def _owed(self) -> int:
        balances = self.buyer.items("/api/settlement/v1/balances", _Balance)
        return sum(
            [
                one.balance.amount_minor
                async for one in balances
                if one.account == "purchases" and one.balance.currency == self.currency
            ]
        )

    def _receipt(self, receipt: Receipt) -> Json:
        return {
            "number": receipt.number,
            "order_number": receipt.order,
            "supplier_id": str(self.supplier_ids[receipt.supplier]),
            "postings": receipt.postings,
            "delivered_on": receipt.delivered_on,
            "lines": [
                {"position": one.position, "quantity": plain(one.quantity)} for one in receipt.lines
            ],
        }

    def _invoice(self, invoice: Invoice) -> Json:
        return {
            "number": invoice.number,
            "buyer_id": str(self.buyer_id),
            "supplier_id": str(self.supplier_ids[invoice.supplier]),
            "invoiced_on": invoice.invoiced_on,
            "occurred_at": invoice.invoiced_at,
            "total": self._amount(invoice.amount_minor),
            "lines": [
                {
                    "order_number": invoice.order,
                    "position": one.position,
                    "quantity": plain(one.quantity),
                    "amount": self._amount(one.amount_minor),
                }
                for one in invoice.lines
            ],
        }

    def _payment(self, payment: Payment) -> Json:
        return {
            "supplier_id": str(self.supplier_ids[payment.supplier]),
            "invoice_number": payment.invoice,
            "amount": self._amount(payment.amount_minor),
            "paid_on": payment.paid_on,
            "occurred_at": payment.paid_at,
            "reference": payment.number,
        }

    def _amount(self, amount_minor: int) -> str:
        return str(Money.of(amount_minor, self.currency).amount)
