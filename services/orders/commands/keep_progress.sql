-- Keep what production told of schedule lines that are held, tell it and, where it is news, announce
-- it. Telling and announcing are lists of their own, as neither happens every time.
WITH latest AS (
    SELECT * FROM json_to_recordset(CAST(:lines AS json)) AS latest (
        id uuid, work_order_id uuid, progress_revision bigint, operations jsonb, good numeric,
        scrapped numeric, started_at timestamptz, last_reported_at timestamptz,
        prediction_revision bigint, prediction jsonb, predicted_on date, known_on date,
        completed_revision bigint, completed_at timestamptz, at_risk_from date, late_from date)
), kept AS (
    UPDATE schedule_lines SET
        work_order_id = latest.work_order_id, progress_revision = latest.progress_revision,
        operations = latest.operations, good = latest.good, scrapped = latest.scrapped,
        started_at = latest.started_at, last_reported_at = latest.last_reported_at,
        prediction_revision = latest.prediction_revision, prediction = latest.prediction,
        predicted_on = latest.predicted_on, known_on = latest.known_on,
        completed_revision = latest.completed_revision, completed_at = latest.completed_at,
        at_risk_from = latest.at_risk_from, late_from = latest.late_from, updated_at = :at
    FROM latest WHERE schedule_lines.id = latest.id
    RETURNING schedule_lines.id, order_id, buyer_id, supplier_id, position, sequence
), told AS (
    INSERT INTO entries (order_id, schedule_line_id, buyer_id, supplier_id, kind, side, by,
        client_id, values, occurred_at, recorded_at, imported)
    SELECT order_id, id, buyer_id, supplier_id, kind, 'supplier', '', 'production',
        values || jsonb_build_object('position', position, 'sequence', sequence),
        occurred_at, recorded_at, imported
    FROM json_to_recordset(CAST(:told AS json)) AS told (
        place bigint, schedule_line_id uuid, kind text, values jsonb, occurred_at timestamptz,
        recorded_at timestamptz, imported boolean)
    JOIN kept ON id = schedule_line_id
    ORDER BY place
)
INSERT INTO outbox (topic, subject, message)
SELECT 'orders', order_id,
    cloud_event('orders.line_progressed.v1', order_id::text, :at, fact, :trace)
FROM json_to_recordset(CAST(:announced AS json)) AS announced (
    place bigint, schedule_line_id uuid, fact json)
JOIN kept ON id = schedule_line_id
ORDER BY place
