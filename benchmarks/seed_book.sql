-- An order book of one buyer: mostly history, one line in a hundred is open, and a tenth of those is
-- late. Ten lines to an order. Ids count: see `benchmarks.book`.
INSERT INTO items (buyer_id, number, name, unit, updated_at)
SELECT id(1, %(buyer)s), 'H-' || n, '壳体 Housing ' || n, 'C62', now()
FROM generate_series(0, 996) AS n
ON CONFLICT DO NOTHING;
INSERT INTO relationships (
    id, buyer_id, buyer_name, supplier_id, supplier_name, state, since, changed_at)
SELECT id(2, %(buyer)s * 65536 + n), id(1, %(buyer)s), '买方 ' || %(buyer)s, id(1, 65536 + n),
    '供应商 ' || n, 'active', current_date, now()
FROM generate_series(0, %(suppliers)s::int - 1) AS n
ON CONFLICT DO NOTHING;
INSERT INTO orders (
    id, buyer_id, supplier_id, number, currency, amount_minor, line_count, digest, placed_by,
    occurred_at, recorded_at, imported, updated_at)
SELECT id(3, %(first)s + n), id(1, %(buyer)s), id(1, 65536 + n %% %(suppliers)s::int), 'PO-' || n,
    'CNY', 100000, 10, '\x00', 'Lin Min', now(), now() - (n %% 700) * interval '1 day', true, now()
FROM generate_series(0, %(lines)s::bigint / 10 - 1) AS n;
INSERT INTO order_lines (
    id, order_id, buyer_id, supplier_id, position, item_number, item_name, unit, quantity, price,
    price_unit, amount_minor, computed_minor)
SELECT id(4, %(first)s + n), id(3, %(first)s + n / 10), id(1, %(buyer)s),
    id(1, 65536 + n / 10 %% %(suppliers)s::int), 10 + n %% 10, 'H-' || n %% 997,
    '壳体 Housing ' || n %% 997, 'C62', 100, 1, 1, 10000 + n %% 5000, 10000 + n %% 5000
FROM generate_series(0, %(lines)s::bigint - 1) AS n;
INSERT INTO schedule_lines (
    id, order_id, line_id, buyer_id, supplier_id, order_number, position, sequence, item_number,
    item_name, unit, currency, imported, state, quantity, amount_minor, due_on, promised_on,
    first_promised_on, first_promised_quantity, at_risk_from, late_from, work_order_id,
    progress_revision, operations, good, started_at, last_reported_at, completed_at, prediction,
    predicted_on, known_on, updated_at)
SELECT id(5, %(first)s + n), id(3, %(first)s + n / 10), id(4, %(first)s + n), id(1, %(buyer)s),
    id(1, 65536 + n / 10 %% %(suppliers)s::int), 'PO-' || n / 10, 10 + n %% 10, 1, 'H-' || n %% 997,
    '壳体 Housing ' || n %% 997, 'C62', 'CNY', true, state, 100, 10000 + n %% 5000, due_on,
    promised_on, promised_on, 100, promised_on - 3, promised_on + 1, id(6, %(first)s + n), 2,
    '[{"sequence": 1, "name": "完工 Finished", "good": "0", "scrapped": "0"}]',
    CASE WHEN open THEN 40 ELSE 100 END, now(), now(), CASE WHEN NOT open THEN now() END,
    CASE WHEN open AND state = 'confirmed' THEN jsonb_build_object(
        'predicted_on', promised_on + 2, 'early_50_on', promised_on - 1,
        'late_50_on', promised_on + 3, 'early_90_on', promised_on - 2,
        'late_90_on', promised_on, 'started_at', now(), 'reports', 3, 'done_share', '0.4') END,
    CASE WHEN open AND state = 'confirmed' THEN promised_on + 2 END,
    CASE WHEN open AND state = 'confirmed' THEN current_date END, now()
FROM (
    SELECT n, n %% 100 = 0 AS open,
        CASE WHEN n %% 1000 = 500 THEN 'cancelled' WHEN n %% 500 = 0 THEN 'unconfirmed'
            ELSE 'confirmed' END AS state,
        current_date + CASE WHEN n %% 100 = 0 THEN (n / 100 %% 100 - 10)::int
            ELSE -(20 + n %% 700)::int END AS due_on
    FROM generate_series(0, %(lines)s::bigint - 1) AS n
) AS line,
LATERAL (SELECT CASE WHEN state <> 'unconfirmed' THEN due_on END AS promised_on) AS promise;
