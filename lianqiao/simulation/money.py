"""What is invoiced, disputed, agreed on and about to be paid on the day of the story."""

from datetime import timedelta
from decimal import Decimal

from lianqiao.client import Json
from lianqiao.simulation.deals import Owed, happens, owed_for
from lianqiao.simulation.history import Deal
from lianqiao.simulation.plan import Plan
from lianqiao.simulation.play import Stage

INVOICES, STATEMENTS = "/api/settlement/v1/invoices", "/api/settlement/v1/statements"
PROPOSALS, SETTINGS = "/api/settlement/v1/proposals", "/api/settlement/v1/settings"
DEARER = Decimal("1.03")  # than the order said
AMOUNT = Decimal("0.01")
LIMIT = {"amount": "100000.00", "currency": "CNY"}


async def play_money(plan: Plan, stage: Stage) -> None:
    """Let suppliers invoice what is owed, one of them too much, and one open a statement."""
    deals = [deal for deal in plan.deals if deal.due_in is not None]
    for turn, deal in enumerate(deals):
        found = await owed_for(stage.api(deal.supplier), {deal.number})
        owed = found[deal.number]
        if turn == len(deals) - 1:  # nobody has asked for the last one yet
            await _open_statement(stage, deal)
        else:
            dear = turn == 2  # noqa: PLR2004  the third asks for more than was agreed
            await _invoice(stage, deal, owed, times=DEARER if dear else Decimal(1))
        stage.told("debts are told", turn + 1, len(deals))
    buyer = stage.api(plan.talked_about.buyer)
    await buyer.put(SETTINGS, {"approval_limit": LIMIT})
    until = plan.now.date() + timedelta(days=14)
    await happens(stage, buyer, PROPOSALS, {"due_before": str(until)})


async def _invoice(stage: Stage, deal: Deal, owed: Owed, *, times: Decimal) -> Json:
    amount = (Decimal(owed.amount["amount"]) * times).quantize(AMOUNT)
    body = {
        "number": f"I{deal.number}",
        "buyer_id": str(stage.party(deal.buyer).id),
        "invoiced_on": str(deal.delivered_on + timedelta(days=6)),
        "lines": [{"payable_id": str(owed.id), "quantity": owed.quantity, "amount": str(amount)}],
    }
    return await happens(stage, stage.api(deal.supplier), INVOICES, body)


async def _open_statement(stage: Stage, deal: Deal) -> None:
    accepted = deal.delivered_on + timedelta(days=5)
    body = {
        "counterparty_id": str(stage.party(deal.buyer).id),
        "month": f"{accepted:%Y-%m}",
        "side": "supplier",
    }
    await happens(stage, stage.api(deal.supplier), STATEMENTS, body)
