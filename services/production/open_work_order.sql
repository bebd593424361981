-- Open the work order of a confirmed line, once, in the operations its supplier used last.
WITH routing AS (
    SELECT coalesce(
        (SELECT operations FROM routings WHERE supplier_id = :supplier_id
            AND buyer_id = :buyer_id AND item_number = :item_number),
        ARRAY[CAST(:finished AS text)]) AS operations
), opened AS (
    INSERT INTO work_orders (
        created_at, order_id, schedule_line_id, buyer_id, supplier_id, order_number, position,
        sequence, item_number, item_name, unit, due_on, promised_on, agreed, agreed_at, opened_at,
        imported, operations, good, scrapped, reports, revision)
    SELECT :at, :order_id, :schedule_line_id, :buyer_id, :supplier_id, :order_number, :position,
        :sequence, :item_number, :item_name, :unit, :due_on, :promised_on, :quantity, :recorded_at,
        :occurred_at, :imported, operations, array_fill(0, ARRAY[cardinality(operations)]),
        array_fill(0, ARRAY[cardinality(operations)]), 0, 1
    FROM routing
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
