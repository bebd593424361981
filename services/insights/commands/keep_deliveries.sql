-- Keep what receipts brought and what of it was rejected: either may be told first.
INSERT INTO deliveries AS known (receipt_line_id, receipt_id, schedule_line_id, buyer_id,
    supplier_id, delivered_on, received, rejected)
SELECT receipt_line_id, receipt_id, schedule_line_id, buyer_id, supplier_id, delivered_on,
    sum(received), sum(rejected)
FROM json_to_recordset(CAST(:deliveries AS json)) AS said (
    receipt_line_id uuid, receipt_id uuid, schedule_line_id uuid, buyer_id uuid, supplier_id uuid,
    delivered_on date, received numeric, rejected numeric)
GROUP BY receipt_line_id, receipt_id, schedule_line_id, buyer_id, supplier_id, delivered_on
ON CONFLICT (receipt_line_id) DO UPDATE SET
    received = known.received + excluded.received, rejected = known.rejected + excluded.rejected
