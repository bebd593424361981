-- Keep orders as they were placed, and count them in the months in which they were.
WITH said AS (
    SELECT * FROM json_to_recordset(CAST(:orders AS json)) AS said (
        order_id uuid, buyer_id uuid, supplier_id uuid, number text, currency text,
        amount_minor bigint, placed_at timestamptz, ordered_on date)
), new AS (
    INSERT INTO orders (order_id, buyer_id, supplier_id, number, currency, amount_minor, placed_at,
        ordered_on)
    SELECT order_id, buyer_id, supplier_id, number, currency, amount_minor, placed_at, ordered_on
    FROM said
    ON CONFLICT (order_id) DO NOTHING
    RETURNING *, date_trunc('month', ordered_on::timestamp)::date AS month
), counted AS (
    INSERT INTO months AS known (buyer_id, supplier_id, month, orders)
    SELECT buyer_id, supplier_id, month, count(*) FROM new GROUP BY buyer_id, supplier_id, month
    ON CONFLICT (buyer_id, supplier_id, month) DO UPDATE SET orders = known.orders + excluded.orders
)
INSERT INTO month_amounts AS known (buyer_id, supplier_id, month, currency, ordered_minor)
SELECT buyer_id, supplier_id, month, currency, sum(amount_minor)
FROM new GROUP BY buyer_id, supplier_id, month, currency
ON CONFLICT (buyer_id, supplier_id, month, currency) DO UPDATE SET
    ordered_minor = known.ordered_minor + excluded.ordered_minor
