"""What must always hold in the figures."""

CHECKS = {
    "the months hold what schedule lines added to them": """
        SELECT buyer_id, supplier_id, month, known.first_promised, known.first_kept,
            known.promised, known.kept, added.*
        FROM months AS known FULL JOIN (
            SELECT buyer_id, supplier_id, month, sum(first_promised) AS a, sum(first_kept) AS b,
                sum(promised) AS c, sum(kept) AS d
            FROM line_months GROUP BY buyer_id, supplier_id, month
        ) AS added USING (buyer_id, supplier_id, month)
        WHERE (coalesce(known.first_promised, 0), coalesce(known.first_kept, 0),
                coalesce(known.promised, 0), coalesce(known.kept, 0))
            IS DISTINCT FROM (coalesce(a, 0), coalesce(b, 0), coalesce(c, 0), coalesce(d, 0))
    """,
    "the months hold what debts added to them": """
        SELECT buyer_id, supplier_id, month, currency, known.legal_due_minor,
            known.legal_kept_minor, known.overdue_minor, known.paid_minor, added.*
        FROM month_amounts AS known FULL JOIN (
            SELECT buyer_id, supplier_id, month, currency, sum(legal_due_minor) AS a,
                sum(legal_kept_minor) AS b, sum(overdue_minor) AS c, sum(paid_minor) AS d,
                sum(payments) AS e, sum(payment_days) AS f
            FROM payable_months GROUP BY buyer_id, supplier_id, month, currency
        ) AS added USING (buyer_id, supplier_id, month, currency)
        WHERE (coalesce(known.legal_due_minor, 0), coalesce(known.legal_kept_minor, 0),
                coalesce(known.overdue_minor, 0), coalesce(known.paid_minor, 0),
                coalesce(known.payments, 0), coalesce(known.payment_days, 0))
            IS DISTINCT FROM (coalesce(a, 0), coalesce(b, 0), coalesce(c, 0), coalesce(d, 0),
                coalesce(e, 0), coalesce(f, 0))
    """,
    "the months hold what was ordered": """
        SELECT buyer_id, supplier_id, month, currency, ordered_minor, minor
        FROM month_amounts FULL JOIN (
            SELECT buyer_id, supplier_id, date_trunc('month', ordered_on::timestamp)::date AS month,
                currency, sum(amount_minor) AS minor
            FROM orders GROUP BY 1, 2, 3, 4
        ) AS placed USING (buyer_id, supplier_id, month, currency)
        WHERE coalesce(ordered_minor, 0) <> coalesce(minor, 0)
    """,
    "the months hold what was paid": """
        SELECT buyer_id, supplier_id, month, currency, paid_minor, minor, payments, parts
        FROM month_amounts FULL JOIN (
            SELECT buyer_id, supplier_id, date_trunc('month', paid_on::timestamp)::date AS month,
                currency, sum(amount_minor) AS minor, count(*) AS parts,
                sum(greatest(paid_on - delivered_on, 0)) AS days
            FROM paid_parts AS part
            WHERE reverses IS NULL
                AND NOT EXISTS (SELECT FROM paid_parts WHERE reverses = part.payment_id)
            GROUP BY 1, 2, 3, 4
        ) AS paid USING (buyer_id, supplier_id, month, currency)
        WHERE (coalesce(paid_minor, 0), coalesce(payments, 0), coalesce(payment_days, 0))
            IS DISTINCT FROM (coalesce(minor, 0), coalesce(parts, 0), coalesce(days, 0))
    """,
    "no more is kept than was promised, no more paid in time than was due": """
        SELECT buyer_id, supplier_id, month FROM months
        WHERE NOT (kept BETWEEN 0 AND promised AND first_kept BETWEEN 0 AND first_promised)
        UNION ALL
        SELECT buyer_id, supplier_id, month FROM month_amounts
        WHERE NOT (legal_kept_minor BETWEEN 0 AND legal_due_minor)
    """,
    "what is overdue was never less than nothing": """
        SELECT * FROM (
            SELECT buyer_id, supplier_id, currency, month, sum(overdue_minor) OVER (
                PARTITION BY buyer_id, supplier_id, currency ORDER BY month) AS minor
            FROM month_amounts
        ) AS stock
        WHERE minor < 0
    """,
    "a release is what its SHA-256 is of": """
        SELECT id, month FROM releases
        WHERE sha256 <> encode(sha256(convert_to(content, 'UTF8')), 'hex')
    """,
    "a release is a preview that passed": """
        SELECT releases.id, previews.state FROM releases JOIN previews ON previews.id = preview_id
        WHERE (previews.state, previews.sha256, previews.month)
            IS DISTINCT FROM ('passed', releases.sha256, releases.month)
    """,
}
"""Invariants by name, as SQL whose every row is a violation."""
