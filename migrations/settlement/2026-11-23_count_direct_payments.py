"""count direct payments.

What was paid of an invoice without a proposal is kept with the invoice, as the buyer's limit asks
for it at each payment.
"""

import sqlalchemy as sa
from alembic import op

from migrations.operations import take_time

revision = "8d20f4c7be13"
down_revision = "5e1c7a0b9d42"
branch_labels = None
depends_on = None

PAID_SO_FAR = """
    UPDATE invoices SET direct_minor = paid.amount_minor FROM (
        SELECT invoice_id, sum(part.amount_minor) AS amount_minor
        FROM payment_parts AS part JOIN payments ON payments.id = part.payment_id
        WHERE proposal_id IS NULL GROUP BY invoice_id
    ) AS paid
    WHERE invoices.id = paid.invoice_id
"""


def upgrade() -> None:
    take_time()
    direct = sa.Column("direct_minor", sa.BigInteger, server_default="0", nullable=False)
    op.add_column("invoices", direct)
    op.execute("GRANT UPDATE (direct_minor) ON invoices TO settlement_app")
    op.execute(PAID_SO_FAR)


def downgrade() -> None:
    op.drop_column("invoices", "direct_minor")
