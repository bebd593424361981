-- Count receipts in the months in which goods came.
INSERT INTO months AS known (buyer_id, supplier_id, month, receipts)
SELECT buyer_id, supplier_id, date_trunc('month', delivered_on::timestamp)::date AS month, count(*)
FROM json_to_recordset(CAST(:receipts AS json)) AS said (
    buyer_id uuid, supplier_id uuid, delivered_on date)
GROUP BY buyer_id, supplier_id, month
ON CONFLICT (buyer_id, supplier_id, month) DO UPDATE SET
    receipts = known.receipts + excluded.receipts
