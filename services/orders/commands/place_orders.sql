-- Place orders that were judged, with their lines and parts, and announce them. An order whose
-- number or id somebody else took at the same moment is left out; the ids of the rest come back.
WITH asked AS (
    SELECT * FROM unnest(
        CAST(:order_0 AS uuid[]), CAST(:order_1 AS uuid[]), CAST(:order_2 AS text[]),
        CAST(:order_3 AS text[]), CAST(:order_4 AS text[]), CAST(:order_5 AS text[]),
        CAST(:order_6 AS bigint[]), CAST(:order_7 AS bigint[]), CAST(:order_8 AS bytea[]),
        CAST(:order_9 AS timestamptz[])
    ) AS asked (id, supplier_id, number, currency, incoterm, incoterm_place, amount_minor,
        line_count, digest, occurred_at)
), placed AS (
    INSERT INTO orders (id, buyer_id, supplier_id, number, currency, incoterm, incoterm_place,
        amount_minor, line_count, digest, placed_by, occurred_at, recorded_at, imported, updated_at)
    SELECT id, :buyer_id, supplier_id, number, currency, incoterm, incoterm_place,
        amount_minor, line_count, digest, :by, occurred_at, :at, :imported, :at
    FROM asked ORDER BY number -- so that two batches cannot wait for each other
    ON CONFLICT DO NOTHING
    RETURNING *
), lines AS (
    INSERT INTO order_lines (id, order_id, buyer_id, supplier_id, position, item_number, item_name,
        unit, plant, quantity, price, price_unit, amount_minor, computed_minor)
    SELECT line.id, order_id, buyer_id, supplier_id, position, item_number, item_name,
        unit, plant, quantity, price, price_unit, line.amount_minor, computed_minor
    FROM unnest(
        CAST(:line_0 AS uuid[]), CAST(:line_1 AS uuid[]), CAST(:line_2 AS bigint[]),
        CAST(:line_3 AS text[]), CAST(:line_4 AS text[]), CAST(:line_5 AS text[]),
        CAST(:line_6 AS text[]), CAST(:line_7 AS numeric[]), CAST(:line_8 AS numeric[]),
        CAST(:line_9 AS bigint[]), CAST(:line_10 AS bigint[]), CAST(:line_11 AS bigint[])
    ) AS line (id, order_id, position, item_number, item_name, unit, plant, quantity, price,
        price_unit, amount_minor, computed_minor)
    JOIN placed ON placed.id = order_id
    RETURNING *
), parts AS (
    INSERT INTO schedule_lines (id, order_id, line_id, buyer_id, supplier_id, order_number,
        position, sequence, item_number, item_name, plant, unit, currency, imported, state,
        quantity, amount_minor, due_on, updated_at)
    SELECT part.id, placed.id, line_id, placed.buyer_id, placed.supplier_id, number,
        position, sequence, item_number, item_name, plant, unit, currency, imported, 'unconfirmed',
        part.quantity, part.amount_minor, due_on, :at
    FROM unnest(
        CAST(:part_0 AS uuid[]), CAST(:part_1 AS uuid[]), CAST(:part_2 AS bigint[]),
        CAST(:part_3 AS numeric[]), CAST(:part_4 AS bigint[]), CAST(:part_5 AS date[])
    ) AS part (id, line_id, sequence, quantity, amount_minor, due_on)
    JOIN lines ON lines.id = line_id
    JOIN placed ON placed.id = lines.order_id
    RETURNING id, line_id, sequence, quantity, due_on
), told AS (
    INSERT INTO entries (order_id, buyer_id, supplier_id, kind, side, by, user_id, client_id,
        values, occurred_at, recorded_at, imported)
    SELECT id, buyer_id, supplier_id, 'placed', 'buyer', :by, CAST(:user_id AS uuid), :client_id,
        jsonb_build_object('line_count', line_count, 'amount', money(amount_minor, currency)),
        occurred_at, :at, imported
    FROM placed
), wanted AS (
    SELECT line_id, json_agg(json_build_object(
        'schedule_line_id', id, 'quantity', trim_scale(quantity)::text, 'due_on', due_on
    ) ORDER BY sequence) AS schedule_lines
    FROM parts GROUP BY line_id
), content AS (
    SELECT order_id, json_agg(json_build_object(
        'line_id', lines.id, 'position', position, 'item_number', item_number,
        'item_name', item_name, 'unit', unit, 'amount', money(lines.amount_minor, currency),
        'schedule_lines', schedule_lines
    ) ORDER BY position) AS lines
    FROM lines JOIN wanted ON line_id = lines.id JOIN placed ON placed.id = order_id
    GROUP BY order_id
), announced AS (
    INSERT INTO outbox (topic, subject, message)
    SELECT 'orders', id, cloud_event('orders.order_placed.v1', id::text, :at, json_build_object(
        'order_id', id, 'buyer_id', buyer_id, 'supplier_id', supplier_id, 'number', number,
        'lines', lines, 'occurred_at', occurred_at, 'recorded_at', CAST(:at AS timestamptz),
        'imported', imported), :trace)
    FROM placed JOIN content ON order_id = id
)
SELECT id FROM placed
