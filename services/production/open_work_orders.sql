-- Open the work orders of confirmed lines, each once, in the operations its supplier used last.
WITH promised AS (
    SELECT * FROM json_to_recordset(CAST(:promises AS json)) AS promised (
        place bigint, order_id uuid, schedule_line_id uuid, buyer_id uuid, supplier_id uuid,
        order_number text, position bigint, sequence bigint, item_number text, item_name text,
        quantity numeric, unit text, due_on date, promised_on date, occurred_at timestamptz,
        recorded_at timestamptz, imported boolean)
), routed AS (
    SELECT promised.*, coalesce(routings.operations, ARRAY[CAST(:finished AS text)]) AS names
    FROM promised LEFT JOIN routings USING (supplier_id, buyer_id, item_number)
), opened AS (
    INSERT INTO work_orders (
        created_at, order_id, schedule_line_id, buyer_id, supplier_id, order_number, position,
        sequence, item_number, item_name, unit, due_on, promised_on, agreed, agreed_at, opened_at,
        imported, operations, good, scrapped, reports, revision)
    SELECT :at, order_id, schedule_line_id, buyer_id, supplier_id, order_number, position,
        sequence, item_number, item_name, unit, due_on, promised_on, quantity, recorded_at,
        occurred_at, imported, names, array_fill(0, ARRAY[cardinality(names)]),
        array_fill(0, ARRAY[cardinality(names)]), 0, 1
    FROM routed ORDER BY place
    ON CONFLICT (schedule_line_id, buyer_id, supplier_id) DO NOTHING
    RETURNING *
)
INSERT INTO outbox (topic, subject, message)
SELECT 'production', id, cloud_event(
    'production.work_order_opened.v1', id::text, :at, json_build_object(
        'work_order_id', id, 'order_id', order_id, 'schedule_line_id', schedule_line_id,
        'buyer_id', buyer_id, 'supplier_id', supplier_id, 'revision', revision, 'operations', (
            SELECT json_agg(json_build_object(
                'sequence', sequence, 'name', name, 'good', '0', 'scrapped', '0') ORDER BY sequence)
            FROM unnest(operations) WITH ORDINALITY AS operation (name, sequence)),
        'opened_at', opened_at),
    :trace)
FROM opened
