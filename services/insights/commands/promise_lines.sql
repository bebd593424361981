-- Keep what was promised; of each line the first promise is kept beside the current one, and the
-- time that it took to come counts once.
WITH said AS (
    SELECT * FROM json_to_recordset(CAST(:promises AS json)) AS said (
        schedule_line_id uuid, quantity numeric, promised_on date, confirmed_at timestamptz,
        confirmed_on date)
), confirmed AS (
    UPDATE lines AS line SET
        quantity = said.quantity, promised_on = said.promised_on,
        first_promised_on = said.promised_on, confirmed_at = said.confirmed_at,
        confirmed_on = said.confirmed_on
    FROM said
    WHERE line.schedule_line_id = said.schedule_line_id AND line.confirmed_at IS NULL
    RETURNING line.order_id, line.buyer_id, line.supplier_id, line.confirmed_at,
        date_trunc('month', line.confirmed_on::timestamp)::date AS month
)
INSERT INTO months AS known (buyer_id, supplier_id, month, confirmations, confirmation_s)
SELECT confirmed.buyer_id, confirmed.supplier_id, month, count(*),
    sum(greatest(floor(extract(epoch FROM confirmed_at - placed_at)), 0))
FROM confirmed JOIN orders ON orders.order_id = confirmed.order_id AND placed_at IS NOT NULL
GROUP BY confirmed.buyer_id, confirmed.supplier_id, month
ON CONFLICT (buyer_id, supplier_id, month) DO UPDATE SET
    confirmations = known.confirmations + excluded.confirmations,
    confirmation_s = known.confirmation_s + excluded.confirmation_s
