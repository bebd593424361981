INSERT INTO work_orders (
    id, created_at, order_id, schedule_line_id, buyer_id, supplier_id, order_number, position,
    sequence, item_number, item_name, unit, due_on, promised_on, agreed, agreed_at, opened_at,
    imported, operations, good, scrapped, reports, revision)
SELECT id(6, n), now(), id(3, n), id(5, n), id(1, n %% %(buyers)s::int),
    id(1, 65536 + n / %(buyers)s::int %% %(suppliers)s::int), 'PO-' || n, 10,
    1, 'H-' || n %% 997, '壳体 Housing ' || n %% 997, 'C62', current_date + (n %% 90)::int,
    current_date + (n %% 90)::int, %(quantity)s, now(), now(),
    false, ARRAY['完工 Finished'], ARRAY[0], ARRAY[0], 0, 1
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
ON CONFLICT DO NOTHING;
