-- Know schedule lines, of which a delivery may have told before their order did.
INSERT INTO lines AS line (schedule_line_id, buyer_id, supplier_id, order_id, quantity, cancelled)
SELECT schedule_line_id, buyer_id, supplier_id, order_id, quantity, coalesce(cancelled, false)
FROM json_to_recordset(CAST(:lines AS json)) AS said (
    schedule_line_id uuid, buyer_id uuid, supplier_id uuid, order_id uuid, quantity numeric,
    cancelled boolean)
ON CONFLICT (schedule_line_id) DO UPDATE SET
    order_id = coalesce(excluded.order_id, line.order_id),
    quantity = coalesce(excluded.quantity, line.quantity),
    cancelled = line.cancelled OR excluded.cancelled
