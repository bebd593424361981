-- Keep which payments settled which debts, and count amounts and days in the months of payment. A
-- debt that was told of by its payments alone has the dates that they name, the earliest of each.
WITH new AS (
    INSERT INTO paid_parts (payment_id, part, payable_id, buyer_id, supplier_id, currency,
        amount_minor, delivered_on, paid_on)
    SELECT payment_id, part, payable_id, buyer_id, supplier_id, currency, amount_minor,
        delivered_on, paid_on
    FROM json_to_recordset(CAST(:parts AS json)) AS said (
        payment_id uuid, part bigint, payable_id uuid, buyer_id uuid, supplier_id uuid,
        currency text, amount_minor bigint, delivered_on date, paid_on date)
    ON CONFLICT (payment_id, part) DO NOTHING
    RETURNING *
), debts AS (
    INSERT INTO payables AS known (payable_id, buyer_id, supplier_id, currency, delivered_on,
        contract_due_on, legal_latest_on)
    SELECT payable_id, buyer_id, supplier_id, currency, min(delivered_on), min(contract_due_on),
        min(legal_latest_on)
    FROM json_to_recordset(CAST(:parts AS json)) AS said (
        payable_id uuid, buyer_id uuid, supplier_id uuid, currency text, delivered_on date,
        contract_due_on date, legal_latest_on date)
    GROUP BY payable_id, buyer_id, supplier_id, currency
    ON CONFLICT (payable_id) DO UPDATE SET
        delivered_on = least(known.delivered_on, excluded.delivered_on),
        contract_due_on = least(known.contract_due_on, excluded.contract_due_on),
        legal_latest_on = least(known.legal_latest_on, excluded.legal_latest_on)
    WHERE known.told_at IS NULL
)
INSERT INTO month_amounts AS known (buyer_id, supplier_id, month, currency, paid_minor,
    payments, payment_days)
SELECT buyer_id, supplier_id, date_trunc('month', paid_on::timestamp)::date AS month, currency,
    sum(amount_minor), count(*), sum(greatest(paid_on - delivered_on, 0))
FROM new GROUP BY buyer_id, supplier_id, month, currency
ON CONFLICT (buyer_id, supplier_id, month, currency) DO UPDATE SET
    paid_minor = known.paid_minor + excluded.paid_minor,
    payments = known.payments + excluded.payments,
    payment_days = known.payment_days + excluded.payment_days
