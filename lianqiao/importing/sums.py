"""What the documents of a source come to: as they were given, and as the platform has them."""

from typing import NamedTuple

from lianqiao.importing.staging import Staging


class Total(NamedTuple):
    """So many, and what they come to; what has no amount comes to nothing."""

    number: int
    amount_minor: int = 0


Totals = dict[str, dict[str, Total]]  # by what is counted, and supplier

RECEIPTS, DELIVERED, ON_TIME = "receipts", "order lines received", "of them on or before due date"
INVOICED, PAID, UNINVOICED = "invoices", "payments", "orders received and not invoiced"
KINDS = RECEIPTS, DELIVERED, ON_TIME, INVOICED, PAID, UNINVOICED
WITHOUT_AMOUNT = {RECEIPTS, ON_TIME}

GIVEN = {
    RECEIPTS: """
SELECT supplier, count(*), 0 FROM receipts JOIN orders ON orders.number = "order" GROUP BY 1
""",
    DELIVERED: "SELECT supplier, count(*), sum(amount_minor) FROM received GROUP BY 1",
    ON_TIME: "SELECT supplier, count(*), 0 FROM received WHERE delivered_on <= due_on GROUP BY 1",
    INVOICED: """
SELECT supplier, count(*), sum(amount_minor) FROM invoices
JOIN orders ON orders.number = "order" GROUP BY 1
""",
    PAID: """
SELECT supplier, count(*), sum(payments.amount_minor) FROM payments
JOIN invoices ON invoices.number = invoice JOIN orders ON orders.number = "order" GROUP BY 1
""",
    UNINVOICED: """
SELECT supplier, count(*), sum(worth) FROM (
    SELECT supplier, number, sum(amount_minor) AS worth FROM received
    WHERE number NOT IN (SELECT "order" FROM invoices) GROUP BY 1, 2
) WHERE worth > 0 GROUP BY 1
""",
}


def given(staged: Staging) -> Totals:
    """Return what the staged documents come to."""
    return {
        kind: {
            supplier: Total(number, int(amount or 0))
            for supplier, number, amount in staged.connection.execute(sql)
        }
        for kind, sql in GIVEN.items()
    }


def overall(totals: dict[str, Total]) -> Total:
    """Return what all suppliers come to together."""
    return Total(
        sum(one.number for one in totals.values()), sum(one.amount_minor for one in totals.values())
    )
