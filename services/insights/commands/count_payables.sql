-- Look anew at debts of which something was told: what of each was paid, what it adds to its
-- months, and what of that the months lack so far. A payment that came back was none, and of what
-- was paid too much nothing is in time.
WITH part AS (
    SELECT payable_id, paid_on, paid_on - delivered_on AS days, amount_minor,
        sum(amount_minor) OVER (
            PARTITION BY payable_id ORDER BY paid_on, payment_id, part) AS reached_minor
    FROM paid_parts AS paid
    WHERE payable_id = ANY (:payables) AND reverses IS NULL
        AND NOT EXISTS (SELECT FROM paid_parts AS back WHERE back.reverses = paid.payment_id)
), paid AS (
    SELECT payable_id, coalesce(sum(part.amount_minor), 0) AS minor
    FROM unnest(:payables) AS payable_id LEFT JOIN part USING (payable_id) GROUP BY payable_id
), owed AS (
    UPDATE payables SET paid_minor = paid.minor FROM paid
    WHERE payables.payable_id = paid.payable_id
    RETURNING payables.payable_id, buyer_id, supplier_id, currency, legal_latest_on, due_on,
        counts_overdue AND due_on IS NOT NULL AS counts_overdue,
        coalesce(amount_minor, paid_minor) AS owed_minor
), settled AS (
    SELECT owed.*, paid_on, days, amount_minor,
        least(reached_minor, owed_minor) - least(reached_minor - amount_minor, owed_minor) AS minor
    FROM owed JOIN part USING (payable_id)
), counted AS (
    SELECT payable_id, buyer_id, supplier_id, currency,
        date_trunc('month', day::timestamp)::date AS month, sum(due) AS legal_due_minor,
        sum(kept) AS legal_kept_minor, sum(overdue) AS overdue_minor, sum(paid) AS paid_minor,
        sum(payments) AS payments, sum(days) AS payment_days
    FROM (
        SELECT payable_id, buyer_id, supplier_id, currency, legal_latest_on AS day,
            owed_minor AS due, 0 AS kept, 0 AS overdue, 0 AS paid, 0 AS payments, 0 AS days
        FROM owed WHERE legal_latest_on IS NOT NULL
        UNION ALL
        SELECT payable_id, buyer_id, supplier_id, currency, legal_latest_on, 0, minor, 0, 0, 0, 0
        FROM settled WHERE paid_on <= legal_latest_on
        UNION ALL
        SELECT payable_id, buyer_id, supplier_id, currency, due_on + 1, 0, 0, owed_minor, 0, 0, 0
        FROM owed WHERE counts_overdue
        UNION ALL
        SELECT payable_id, buyer_id, supplier_id, currency, greatest(paid_on, due_on + 1),
            0, 0, -minor, 0, 0, 0
        FROM settled WHERE counts_overdue
        UNION ALL
        SELECT payable_id, buyer_id, supplier_id, currency, paid_on, 0, 0, 0, amount_minor, 1,
            greatest(days, 0)
        FROM settled
    ) AS owing
    GROUP BY payable_id, buyer_id, supplier_id, currency, month
), news AS (
    SELECT payable_id, month, coalesce(now.buyer_id, was.buyer_id) AS buyer_id,
        coalesce(now.supplier_id, was.supplier_id) AS supplier_id,
        coalesce(now.currency, was.currency) AS currency,
        coalesce(now.legal_due_minor, 0) - coalesce(was.legal_due_minor, 0) AS legal_due_minor,
        coalesce(now.legal_kept_minor, 0) - coalesce(was.legal_kept_minor, 0) AS legal_kept_minor,
        coalesce(now.overdue_minor, 0) - coalesce(was.overdue_minor, 0) AS overdue_minor,
        coalesce(now.paid_minor, 0) - coalesce(was.paid_minor, 0) AS paid_minor,
        coalesce(now.payments, 0) - coalesce(was.payments, 0) AS payments,
        coalesce(now.payment_days, 0) - coalesce(was.payment_days, 0) AS payment_days
    FROM counted AS now FULL JOIN (
        SELECT * FROM payable_months WHERE payable_id = ANY (:payables)
    ) AS was USING (payable_id, month)
), told AS (
    SELECT * FROM news
    WHERE (legal_due_minor, legal_kept_minor, overdue_minor, paid_minor, payments, payment_days)
        <> (0, 0, 0, 0, 0, 0)
), remembered AS (
    INSERT INTO payable_months AS debt (payable_id, month, buyer_id, supplier_id, currency,
        legal_due_minor, legal_kept_minor, overdue_minor, paid_minor, payments, payment_days)
    SELECT payable_id, month, buyer_id, supplier_id, currency,
        legal_due_minor, legal_kept_minor, overdue_minor, paid_minor, payments, payment_days
    FROM told
    ON CONFLICT (payable_id, month) DO UPDATE SET
        legal_due_minor = debt.legal_due_minor + excluded.legal_due_minor,
        legal_kept_minor = debt.legal_kept_minor + excluded.legal_kept_minor,
        overdue_minor = debt.overdue_minor + excluded.overdue_minor,
        paid_minor = debt.paid_minor + excluded.paid_minor,
        payments = debt.payments + excluded.payments,
        payment_days = debt.payment_days + excluded.payment_days
)
INSERT INTO month_amounts AS known (buyer_id, supplier_id, month, currency,
    legal_due_minor, legal_kept_minor, overdue_minor, paid_minor, payments, payment_days)
SELECT buyer_id, supplier_id, month, currency, sum(legal_due_minor), sum(legal_kept_minor),
    sum(overdue_minor), sum(paid_minor), sum(payments), sum(payment_days)
FROM told GROUP BY buyer_id, supplier_id, month, currency
ON CONFLICT (buyer_id, supplier_id, month, currency) DO UPDATE SET
    legal_due_minor = known.legal_due_minor + excluded.legal_due_minor,
    legal_kept_minor = known.legal_kept_minor + excluded.legal_kept_minor,
    overdue_minor = known.overdue_minor + excluded.overdue_minor,
    paid_minor = known.paid_minor + excluded.paid_minor,
    payments = known.payments + excluded.payments,
    payment_days = known.payment_days + excluded.payment_days
