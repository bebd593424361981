-- Keep which payments settled which debts, and which of them came back. A debt that was told of by
-- its payments alone has the dates that they name, the earliest of each.
WITH new AS (
    INSERT INTO paid_parts (payment_id, part, payable_id, buyer_id, supplier_id, currency,
        amount_minor, delivered_on, paid_on, reverses)
    SELECT payment_id, part, payable_id, buyer_id, supplier_id, currency, amount_minor,
        delivered_on, paid_on, reverses
    FROM json_to_recordset(CAST(:parts AS json)) AS said (
        payment_id uuid, part bigint, payable_id uuid, buyer_id uuid, supplier_id uuid,
        currency text, amount_minor bigint, delivered_on date, paid_on date, reverses uuid)
    ON CONFLICT (payment_id, part) DO NOTHING
)
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
