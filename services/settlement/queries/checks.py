"""Invariants of the settlement schema, each as SQL whose every row is a violation."""

CHECKS = {
    "settlement: the entries of every posting add up to nothing": """
        SELECT posting_id, currency, sum(amount_minor) FROM entries
        GROUP BY posting_id, currency HAVING sum(amount_minor) <> 0
    """,
    "settlement: every account is the sum of its entries": """
        SELECT account.buyer_id, account.supplier_id, account.currency, name, balance_minor, moved
        FROM accounts AS account FULL JOIN (
            SELECT buyer_id, supplier_id, currency, account AS name, sum(amount_minor) AS moved
            FROM entries GROUP BY buyer_id, supplier_id, currency, account
        ) AS entry USING (buyer_id, supplier_id, currency, name)
        WHERE coalesce(balance_minor, 0) <> coalesce(moved, 0)
    """,
    "settlement: an entry is of the currency of its posting": """
        SELECT entry.id FROM entries AS entry JOIN postings ON postings.id = posting_id
        WHERE entry.currency <> postings.currency
    """,
    "settlement: every payment is posted once, with its amount": """
        SELECT payment.id, payment.amount_minor, posted.count, posted.amount_minor
        FROM payments AS payment LEFT JOIN LATERAL (
            SELECT count(DISTINCT postings.id) AS count, sum(-entry.amount_minor) AS amount_minor
            FROM postings JOIN entries AS entry ON posting_id = postings.id AND account = 'paid'
            WHERE kind IN ('paid', 'reversed') AND source_id = payment.id
        ) AS posted ON true
        WHERE (posted.count, posted.amount_minor) IS DISTINCT FROM (1, payment.amount_minor)
    """,
    "settlement: the parts of a payment add up to it": """
        SELECT payment.id, payment.amount_minor, sum(part.amount_minor)
        FROM payments AS payment LEFT JOIN payment_parts AS part ON payment_id = payment.id
        GROUP BY payment.id HAVING payment.amount_minor IS DISTINCT FROM sum(part.amount_minor)
    """,
    "settlement: what came back is what was sent, once": """
        SELECT back.id FROM payments AS back
        LEFT JOIN payments AS sent ON sent.id = back.reverses AND sent.reverses IS NULL
        WHERE back.reverses IS NOT NULL
            AND back.amount_minor IS DISTINCT FROM -sent.amount_minor
    """,
    "settlement: what is paid of a debt is what payments say, and never more than payable": """
        SELECT allocation.id, paid_minor, sum(part.amount_minor)
        FROM allocations AS allocation
        LEFT JOIN payment_parts AS part ON allocation_id = allocation.id
        GROUP BY allocation.id
        HAVING paid_minor <> coalesce(sum(part.amount_minor), 0)
            OR paid_minor > allocation.amount_minor - credited_minor
    """,
    "settlement: what an invoice was paid without a proposal is what payments say": """
        SELECT invoice.id, direct_minor, paid.amount_minor FROM invoices AS invoice
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(part.amount_minor), 0) AS amount_minor
            FROM payment_parts AS part JOIN payments AS payment ON payment.id = part.payment_id
            WHERE part.invoice_id = invoice.id AND payment.proposal_id IS NULL
        ) AS paid ON true
        WHERE direct_minor <> paid.amount_minor
    """,
    "settlement: an invoice is what its lines and their parts say": """
        SELECT invoice.id, total_minor FROM invoices AS invoice
        LEFT JOIN LATERAL (
            SELECT sum(amount_minor) AS amount_minor, sum(undisputed_minor) AS undisputed_minor,
                sum(disputed_minor) AS disputed_minor, sum(withdrawn_minor) AS withdrawn_minor
            FROM invoice_lines WHERE invoice_id = invoice.id
        ) AS line ON true
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(amount_minor), 0) AS amount_minor,
                coalesce(sum(credited_minor), 0) AS credited_minor,
                coalesce(sum(paid_minor), 0) AS paid_minor
            FROM allocations WHERE invoice_id = invoice.id
        ) AS part ON true
        WHERE (total_minor, invoice.undisputed_minor, invoice.disputed_minor,
                invoice.withdrawn_minor, invoice.credited_minor, invoice.paid_minor)
            IS DISTINCT FROM (line.amount_minor, line.undisputed_minor, line.disputed_minor,
                line.withdrawn_minor, part.credited_minor, part.paid_minor)
            OR part.amount_minor <> invoice.undisputed_minor
            OR total_minor <> invoice.undisputed_minor + invoice.disputed_minor
                + invoice.withdrawn_minor
    """,
    "settlement: a line of an invoice is undisputed, disputed or withdrawn": """
        SELECT line.id FROM invoice_lines AS line
        LEFT JOIN allocations AS part ON invoice_line_id = line.id
        GROUP BY line.id
        HAVING line.amount_minor
                <> line.undisputed_minor + line.disputed_minor + line.withdrawn_minor
            OR line.undisputed_minor <> coalesce(sum(part.amount_minor), 0)
            OR line.disputed_minor
                <> line.unmatched_minor + coalesce(sum(part.disputed_minor), 0)
    """,
    "settlement: a delivery is what is claimed and paid of it": """
        SELECT payable.id FROM payables AS payable
        LEFT JOIN allocations AS part ON payable_id = payable.id
        GROUP BY payable.id
        HAVING (invoiced_quantity, invoiced_minor, approved_minor, payable.disputed_minor,
                payable.paid_minor)
            IS DISTINCT FROM (
                coalesce(sum(part.quantity) FILTER (WHERE NOT released), 0),
                coalesce(sum(value_minor) FILTER (WHERE NOT released), 0),
                coalesce(sum(part.amount_minor - credited_minor), 0),
                coalesce(sum(part.disputed_minor), 0),
                coalesce(sum(part.paid_minor), 0))
    """,
    "settlement: all that is accepted of a line is worth the line's share": """
        SELECT line.id, line.valued_minor, sum(payable.amount_minor) FROM order_lines AS line
        LEFT JOIN payables AS payable ON line_id = line.id
        GROUP BY line.id
        HAVING (line.accepted, line.valued_minor) IS DISTINCT FROM (
                coalesce(sum(payable.quantity), 0), coalesce(sum(payable.amount_minor), 0))
            OR line.valued_minor <> round(line.amount_minor * line.accepted / line.quantity)
    """,
    "settlement: the books say what deliveries and invoices say": """
        SELECT * FROM (
            SELECT buyer_id, supplier_id, currency,
                -sum(balance_minor) FILTER (WHERE name = 'received_not_invoiced') AS waiting,
                -sum(balance_minor) FILTER (WHERE name = 'payable') AS payable,
                -sum(balance_minor) FILTER (WHERE name = 'disputed') AS disputed,
                -sum(balance_minor) FILTER (WHERE name = 'paid') AS paid,
                sum(balance_minor) FILTER (WHERE name = 'purchases') AS purchases
            FROM accounts GROUP BY buyer_id, supplier_id, currency
        ) AS account LEFT JOIN LATERAL (
            SELECT coalesce(sum(amount_minor - invoiced_minor), 0) AS waiting,
                coalesce(sum(approved_minor - paid_minor), 0) AS payable,
                coalesce(sum(paid_minor), 0) AS paid, coalesce(sum(amount_minor), 0) AS purchases
            FROM payables WHERE (buyer_id, supplier_id, currency)
                = (account.buyer_id, account.supplier_id, account.currency)
        ) AS delivery ON true LEFT JOIN LATERAL (
            SELECT coalesce(sum(disputed_minor), 0) AS disputed
            FROM invoices WHERE (buyer_id, supplier_id, currency)
                = (account.buyer_id, account.supplier_id, account.currency)
        ) AS invoice ON true
        WHERE (account.waiting, account.payable, account.disputed, account.paid, account.purchases)
            IS DISTINCT FROM (delivery.waiting, delivery.payable, invoice.disputed, delivery.paid,
                delivery.purchases)
    """,
    "settlement: what is settled has nothing open, and nothing else has": """
        SELECT id FROM payables
        WHERE (settled_on IS NOT NULL)
            <> (open_minor = 0 AND invoiced_quantity = quantity)
    """,
    "settlement: what is accepted is owed for, once its order is known": """
        SELECT acceptances.id FROM acceptances
        LEFT JOIN payables ON payables.id = acceptances.id
        WHERE (payables.id IS NULL) <> (valued_at IS NULL OR accepted = 0)
    """,
    "settlement: a frozen statement is what its lines say": """
        SELECT statement.id FROM statements AS statement
        LEFT JOIN statement_lines AS line ON statement_id = statement.id AND NOT carried
        WHERE statement.state = 'agreed'
        GROUP BY statement.id
        HAVING total_minor <> coalesce(sum(line.amount_minor), 0)
            OR sha256 <> encode(sha256(convert_to(document, 'UTF8')), 'hex')
    """,
    "settlement: nobody approves what he proposed": """
        SELECT approvals.id FROM approvals JOIN proposals ON proposals.id = proposal_id
        WHERE user_id = proposed_by_user_id
    """,
    "settlement: what is paid or approved has its approvals": """
        SELECT proposals.id FROM proposals LEFT JOIN approvals ON proposal_id = proposals.id
        WHERE state IN ('approved', 'paid')
        GROUP BY proposals.id HAVING count(DISTINCT user_id) < approvals_needed
    """,
    "settlement: the dates of a debt hang together": """
        SELECT id, due_on, contract_due_on, legal_latest_on, pledge_due_on, rules FROM payables
        WHERE settled_on IS NULL AND (
            rules = '' -- LEAST passes over what is null
            OR due_on <> LEAST(contract_due_on, legal_latest_on, pledge_due_on)
            OR (legal_latest_on IS NULL) <> (no_legal_date IS NOT NULL)
            OR started_on < delivered_on
        )
    """,
}
