-- Promise schedule lines that were judged while their orders are held, split off what was not
-- promised, keep the promises, and tell and announce them.
WITH said AS (
    SELECT * FROM json_to_recordset(CAST(:said AS json)) AS said (
        line_id uuid, promised numeric, worth_minor bigint, promised_by date, amber_from date,
        red_from date, rest_id uuid, rest_sequence bigint, rest_quantity numeric,
        rest_minor bigint, occurred_at timestamptz, turn bigint)
), confirmed AS (
    UPDATE schedule_lines AS line
    SET state = 'confirmed', quantity = promised, amount_minor = worth_minor,
        promised_on = promised_by, first_promised_on = promised_by,
        first_promised_quantity = promised, at_risk_from = amber_from, late_from = red_from,
        updated_at = :at
    FROM said WHERE line.id = said.line_id
    RETURNING line.*, rest_id, rest_sequence, rest_quantity, rest_minor, occurred_at, turn
), rests AS (
    INSERT INTO schedule_lines (id, order_id, line_id, buyer_id, supplier_id, order_number,
        position, sequence, item_number, item_name, plant, unit, currency, imported, state,
        quantity, amount_minor, due_on, updated_at)
    SELECT rest_id, order_id, line_id, buyer_id, supplier_id, order_number,
        position, rest_sequence, item_number, item_name, plant, unit, currency, imported,
        'unconfirmed', rest_quantity, rest_minor, due_on, :at
    FROM confirmed WHERE rest_id IS NOT NULL
), promised AS (
    INSERT INTO promises (schedule_line_id, buyer_id, supplier_id, quantity, promised_on,
        occurred_at, recorded_at, imported)
    SELECT id, buyer_id, supplier_id, quantity, promised_on, occurred_at, :at, :imported
    FROM confirmed
), touched AS (
    UPDATE orders SET updated_at = :at WHERE id IN (SELECT order_id FROM confirmed)
), told AS (
    INSERT INTO entries (order_id, schedule_line_id, buyer_id, supplier_id, kind, side, by,
        user_id, client_id, values, occurred_at, recorded_at, imported)
    SELECT order_id, id, buyer_id, supplier_id, 'confirmed', 'supplier', :by,
        CAST(:user_id AS uuid), :client_id, jsonb_strip_nulls(jsonb_build_object(
            'position', position, 'sequence', sequence, 'quantity', trim_scale(quantity)::text,
            'due_on', due_on, 'promised_on', promised_on, 'rest_id', rest_id,
            'rest_quantity', trim_scale(rest_quantity)::text)),
        occurred_at, :at, :imported
    FROM confirmed
)
INSERT INTO outbox (topic, subject, message)
SELECT 'orders', order_id, cloud_event('orders.line_confirmed.v1', order_id::text, :at,
    json_build_object(
        'order_id', order_id, 'schedule_line_id', id, 'buyer_id', buyer_id,
        'supplier_id', supplier_id, 'order_number', order_number, 'position', position,
        'sequence', sequence, 'item_number', item_number, 'item_name', item_name,
        'quantity', trim_scale(quantity)::text, 'unit', unit, 'due_on', due_on,
        'promised_on', promised_on, 'rest', CASE WHEN rest_id IS NOT NULL THEN
            json_build_object('schedule_line_id', rest_id,
                'quantity', trim_scale(rest_quantity)::text, 'due_on', due_on) END,
        'occurred_at', occurred_at,
        'recorded_at', CAST(:at AS timestamptz), 'imported', CAST(:imported AS boolean)), :trace)
FROM confirmed ORDER BY turn
