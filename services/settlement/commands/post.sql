-- Write postings and their entries down; a trigger sees that they add up to nothing, and adds them
-- to their accounts, which the caller holds.
WITH said AS (
    INSERT INTO postings (id, buyer_id, supplier_id, currency, kind, source_id, reverses, by,
        occurred_on, recorded_at, imported)
    SELECT id, buyer_id, supplier_id, currency, kind, source_id, reverses, by, occurred_on, :at,
        imported
    FROM json_to_recordset(CAST(:postings AS json)) AS posting (
        id uuid, buyer_id uuid, supplier_id uuid, currency text, kind text, source_id uuid,
        reverses uuid, by text, occurred_on date, imported boolean)
    RETURNING id, buyer_id, supplier_id, currency
)
INSERT INTO entries (posting_id, turn, buyer_id, supplier_id, currency, account, amount_minor,
    payable_id, invoice_id)
SELECT said.id, turn, buyer_id, supplier_id, currency, account, amount_minor, payable_id, invoice_id
FROM json_to_recordset(CAST(:entries AS json)) AS entry (
    posting_id uuid, turn bigint, account text, amount_minor bigint, payable_id uuid,
    invoice_id uuid)
JOIN said ON said.id = posting_id
