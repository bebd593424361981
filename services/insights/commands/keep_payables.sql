-- Keep what is owed and by when, as settlement said last.
INSERT INTO payables AS known (payable_id, buyer_id, supplier_id, currency, amount_minor,
    delivered_on, contract_due_on, legal_latest_on, counts_overdue, told_at)
SELECT payable_id, buyer_id, supplier_id, currency, amount_minor, delivered_on, contract_due_on,
    legal_latest_on, counts_overdue, told_at
FROM json_to_recordset(CAST(:payables AS json)) AS said (
    payable_id uuid, buyer_id uuid, supplier_id uuid, currency text, amount_minor bigint,
    delivered_on date, contract_due_on date, legal_latest_on date, counts_overdue boolean,
    told_at timestamptz)
ON CONFLICT (payable_id) DO UPDATE SET
    amount_minor = excluded.amount_minor, delivered_on = excluded.delivered_on,
    contract_due_on = excluded.contract_due_on, legal_latest_on = excluded.legal_latest_on,
    counts_overdue = excluded.counts_overdue, told_at = excluded.told_at
WHERE known.told_at IS NULL OR known.told_at <= excluded.told_at
