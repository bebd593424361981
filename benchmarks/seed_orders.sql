INSERT INTO items (buyer_id, number, name, unit, updated_at)
SELECT id(1, buyer), 'H-' || n, '壳体 Housing ' || n, 'C62', now()
FROM generate_series(0, %(buyers)s::int - 1) AS buyer, generate_series(0, 996) AS n
ON CONFLICT DO NOTHING;
INSERT INTO orders (
    id, buyer_id, supplier_id, number, currency, amount_minor, line_count, digest,
    placed_by, occurred_at, recorded_at, imported, updated_at)
SELECT id(3, n), id(1, n %% %(buyers)s::int),
    id(1, 65536 + n / %(buyers)s::int %% %(suppliers)s::int), 'PO-' || n, 'CNY',
    10000 + n %% 5000, 1, '\x00', 'Lin Min', now(), now(), false, now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
ON CONFLICT DO NOTHING;
INSERT INTO order_lines (
    id, order_id, buyer_id, supplier_id, position, item_number, item_name, unit,
    quantity, price, price_unit, amount_minor, computed_minor)
SELECT id(4, n), id(3, n), id(1, n %% %(buyers)s::int),
    id(1, 65536 + n / %(buyers)s::int %% %(suppliers)s::int), 10, 'H-' || n %% 997,
    '壳体 Housing ' || n %% 997, 'C62', %(quantity)s, 1, 1, 10000 + n %% 5000, 10000 + n %% 5000
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
ON CONFLICT DO NOTHING;
INSERT INTO schedule_lines (
    id, order_id, line_id, buyer_id, supplier_id, order_number, position, sequence,
    item_number, item_name, unit, currency, imported, state, quantity, amount_minor, due_on,
    promised_on, first_promised_on, first_promised_quantity, at_risk_from, late_from,
    work_order_id, progress_revision, operations, updated_at)
SELECT id(5, n), id(3, n), id(4, n), id(1, n %% %(buyers)s::int),
    id(1, 65536 + n / %(buyers)s::int %% %(suppliers)s::int), 'PO-' || n, 10, 1,
    'H-' || n %% 997, '壳体 Housing ' || n %% 997, 'C62', 'CNY', false, 'confirmed',
    %(quantity)s, 10000 + n %% 5000, day, day, day, %(quantity)s, day - 3, day + 1,
    id(6, n), 1, jsonb_build_array(jsonb_build_object(
        'sequence', 1, 'name', '完工 Finished', 'good', '0', 'scrapped', '0')), now()
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    LATERAL (SELECT current_date + (n %% 90)::int AS day) AS due
ON CONFLICT DO NOTHING;
