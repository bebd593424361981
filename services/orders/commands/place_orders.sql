-- Place orders that were judged, with their lines and parts, and announce them. An order whose
-- number or id somebody else took at the same moment is left out; the ids of the rest come back.
WITH asked AS (
    SELECT * FROM json_to_recordset(CAST(:orders AS json)) AS asked (
        id uuid, supplier_id uuid, number text, currency text, incoterm text, incoterm_place text,
        amount_minor bigint, line_count bigint, digest bytea, occurred_at timestamptz)
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
    FROM json_to_recordset(CAST(:lines AS json)) AS line (
        id uuid, order_id uuid, position bigint, item_number text, item_name text, unit text,
        plant text, quantity numeric, price numeric, price_unit bigint, amount_minor bigint,
        computed_minor bigint)
    JOIN placed ON placed.id = order_id
    RETURNING *
), parts AS (
    INSERT INTO schedule_lines (id, order_id, line_id, buyer_id, supplier_id, order_number,
        position, sequence, item_number, item_name, plant, unit, currency, imported, state,
        quantity, amount_minor, due_on, updated_at)
    SELECT part.id, placed.id, line_id, placed.buyer_id, placed.supplier_id, number,
        position, sequence, item_number, item_name, plant, unit, currency, imported, 'unconfirmed',
        part.quantity, part.amount_minor, due_on, :at
    FROM json_to_recordset(CAST(:parts AS json)) AS part (
        id uuid, line_id uuid, sequence bigint, quantity numeric, amount_minor bigint, due_on date)
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
