-- An order book of one buyer, what is made for it and what its dashboards count: mostly history, one
-- line in a hundred is open, and a tenth of those is late. Ten lines to an order, a payable and a work
-- order to a line. Ids count: see `benchmarks.book`.
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
INSERT INTO production.work_orders (
    id, created_at, order_id, schedule_line_id, buyer_id, supplier_id, order_number, position,
    sequence, item_number, item_name, unit, due_on, promised_on, agreed, agreed_at, opened_at,
    imported, operations, good, scrapped, reports, started_at, last_reported_at, revision)
SELECT id(6, %(first)s + n), now(), id(3, %(first)s + n / 10), id(5, %(first)s + n), id(1, %(buyer)s),
    id(1, 65536 + n / 10 %% %(suppliers)s::int), 'PO-' || n / 10, 10 + n %% 10, 1, 'H-' || n %% 997,
    '壳体 Housing ' || n %% 997, 'C62', due_on, due_on, 100, now(), now(), true,
    ARRAY['完工 Finished'], ARRAY[CASE WHEN n %% 100 = 0 THEN 40 ELSE 100 END], ARRAY[0], 3, now(),
    now(), 4
FROM (
    SELECT n, current_date + CASE WHEN n %% 100 = 0 THEN (n / 100 %% 100 - 10)::int
        ELSE -(20 + n %% 700)::int END AS due_on
    FROM generate_series(0, %(lines)s::bigint - 1) AS n
) AS line;
INSERT INTO onboarding.organizations (id, name, heard_at)
SELECT id(1, %(buyer)s), '买方 ' || %(buyer)s, now()
UNION ALL SELECT id(1, 65536 + n), '供应商 ' || n, now()
FROM generate_series(0, %(suppliers)s::int - 1) AS n
ON CONFLICT DO NOTHING;
INSERT INTO onboarding.relationships (
    id, buyer_id, supplier_id, state, since, changed_at)
SELECT id(2, %(buyer)s * 65536 + n), id(1, %(buyer)s), id(1, 65536 + n), 'active',
    current_date - 800, now()
FROM generate_series(0, %(suppliers)s::int - 1) AS n;
INSERT INTO insights.relationships (
    buyer_id, supplier_id, relationship_id, buyer_name, supplier_name, state, since, changed_at)
SELECT id(1, %(buyer)s), id(1, 65536 + n), id(2, %(buyer)s * 65536 + n), '买方 ' || %(buyer)s,
    '供应商 ' || n, 'active', current_date - 800, now()
FROM generate_series(0, %(suppliers)s::int - 1) AS n;
INSERT INTO insights.lines (
    schedule_line_id, buyer_id, supplier_id, order_id, quantity, first_promised_on, promised_on,
    confirmed_at, confirmed_on, full_on)
SELECT id(5, %(first)s + n), id(1, %(buyer)s), id(1, 65536 + n / 10 %% %(suppliers)s::int),
    id(3, %(first)s + n / 10), 100, due_on, due_on, due_on - 30, due_on - 30,
    CASE WHEN n %% 100 <> 0 THEN due_on + (n %% 7 - 5)::int END
FROM (
    SELECT n, current_date + CASE WHEN n %% 100 = 0 THEN (n / 100 %% 100 - 10)::int
        ELSE -(20 + n %% 700)::int END AS due_on
    FROM generate_series(0, %(lines)s::bigint - 1) AS n
) AS line;
INSERT INTO insights.line_months (
    schedule_line_id, month, buyer_id, supplier_id, first_promised, first_kept, promised, kept)
SELECT schedule_line_id, date_trunc('month', promised_on), buyer_id, supplier_id, 1,
    (full_on <= promised_on)::int, 1, (full_on <= promised_on)::int
FROM insights.lines WHERE buyer_id = id(1, %(buyer)s) AND full_on IS NOT NULL;
INSERT INTO insights.payables (
    payable_id, buyer_id, supplier_id, currency, amount_minor, delivered_on, contract_due_on,
    legal_latest_on, counts_overdue, told_at, paid_minor)
SELECT id(7, %(first)s + n), id(1, %(buyer)s), id(1, 65536 + n / 10 %% %(suppliers)s::int), 'CNY',
    10000, delivered_on, delivered_on + 60, delivered_on + 60, true, now(),
    CASE WHEN n %% 100 = 0 THEN 0 ELSE 10000 END
FROM (
    SELECT n, current_date - CASE WHEN n %% 1000 = 0 THEN 70 WHEN n %% 100 = 0 THEN 30
        ELSE (60 + n %% 700)::int END AS delivered_on
    FROM generate_series(0, %(lines)s::bigint - 1) AS n
) AS delivery;
INSERT INTO insights.months (
    buyer_id, supplier_id, month, orders, confirmations, confirmation_s, receipts, acceptances,
    acceptance_days, first_promised, first_kept, promised, kept)
SELECT buyer_id, supplier_id, month, count(*) / 10, count(*), count(*) * 3600, count(*), count(*),
    count(*) * 2, sum(first_promised), sum(first_kept), sum(promised), sum(kept)
FROM insights.line_months WHERE buyer_id = id(1, %(buyer)s) GROUP BY 1, 2, 3;
INSERT INTO insights.month_amounts (
    buyer_id, supplier_id, month, currency, ordered_minor, legal_due_minor, legal_kept_minor,
    overdue_minor, paid_minor, payments, payment_days)
SELECT buyer_id, supplier_id, month, 'CNY', promised * 10000, promised * 10000, promised * 9900,
    promised * 10, promised * 9900, promised, promised * 55
FROM insights.months WHERE buyer_id = id(1, %(buyer)s);
