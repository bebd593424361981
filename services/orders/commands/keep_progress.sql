-- Keep what production told of a schedule line that is held, tell it and, if it is news, announce
-- it. Telling and announcing are lists, as neither happens every time.
WITH kept AS (
    UPDATE schedule_lines SET (
        work_order_id, progress_revision, operations, good, scrapped, started_at, last_reported_at,
        prediction_revision, prediction, predicted_on, known_on, completed_revision, completed_at,
        at_risk_from, late_from, updated_at
    ) = (
        CAST(:work_order_id AS uuid), :progress_revision, CAST(:operations AS jsonb), :good,
        :scrapped, CAST(:started_at AS timestamptz), CAST(:last_reported_at AS timestamptz),
        :prediction_revision, CAST(:prediction AS jsonb), CAST(:predicted_on AS date),
        CAST(:known_on AS date), :completed_revision, CAST(:completed_at AS timestamptz),
        CAST(:at_risk_from AS date), CAST(:late_from AS date), :at
    )
    WHERE id = :id
    RETURNING id, order_id, buyer_id, supplier_id, position, sequence
), told AS (
    INSERT INTO entries (order_id, schedule_line_id, buyer_id, supplier_id, kind, side, by,
        client_id, values, occurred_at, recorded_at, imported)
    SELECT order_id, kept.id, buyer_id, supplier_id, kind, 'supplier', '', 'production',
        values || jsonb_build_object('position', position, 'sequence', sequence),
        :occurred_at, :recorded_at, :imported
    FROM kept, jsonb_to_recordset(CAST(:told AS jsonb)) AS told (kind text, values jsonb)
)
INSERT INTO outbox (topic, subject, message)
SELECT 'orders', order_id,
    cloud_event('orders.line_progressed.v1', order_id::text, :at, news.value::json, :trace)
FROM kept, jsonb_array_elements(CAST(:announced AS jsonb)) AS news
