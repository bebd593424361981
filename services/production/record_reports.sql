-- Record reports that were judged while their work orders are held, and announce them.
WITH accepted AS (
    SELECT * FROM json_to_recordset(CAST(:reports AS json)) AS accepted (
        place bigint, report_id uuid, work_order_id uuid, operation bigint, good numeric,
        scrapped numeric, scrap_reason text, reverses uuid, reason text, reference text,
        occurred_at timestamptz, completed numeric, reached json, prediction json,
        revision bigint, completes boolean, slips boolean, trace text)
), latest AS (
    SELECT * FROM json_to_recordset(CAST(:work_orders AS json)) AS latest (
        work_order_id uuid, good numeric[], scrapped numeric[], reports bigint,
        started_at timestamptz, last_reported_at timestamptz, slipped_on date,
        revision bigint)
), advanced AS (
    UPDATE work_orders SET
        good = latest.good, scrapped = latest.scrapped, reports = latest.reports,
        started_at = latest.started_at, last_reported_at = latest.last_reported_at,
        slipped_on = latest.slipped_on, revision = latest.revision
    FROM latest WHERE id = latest.work_order_id
    RETURNING id, order_id, schedule_line_id, buyer_id, supplier_id, agreed, unit, promised_on
), known AS (
    SELECT accepted.*, order_id, schedule_line_id, buyer_id, supplier_id, unit, promised_on,
        trim_scale(greatest(agreed, completed))::text AS ordered
    FROM accepted JOIN advanced ON id = work_order_id
), recorded AS (
    INSERT INTO reports (
        id, work_order_id, buyer_id, supplier_id, operation, good, scrapped, reverses, reason,
        reference, reported_by, occurred_at, recorded_at, imported)
    SELECT report_id, work_order_id, buyer_id, supplier_id, operation, good, scrapped, reverses,
        reason, reference, :reported_by, occurred_at, :at, :imported
    FROM known ORDER BY place
), explained AS (
    INSERT INTO scrap_reasons (report_id, buyer_id, supplier_id, reason)
    SELECT report_id, buyer_id, supplier_id, scrap_reason FROM known WHERE scrap_reason IS NOT NULL
), events AS (
    SELECT place, 1 AS turn, work_order_id, trace, 'production.progress_reported.v1' AS type,
        json_build_object(
            'work_order_id', work_order_id, 'order_id', order_id,
            'schedule_line_id', schedule_line_id, 'buyer_id', buyer_id,
            'supplier_id', supplier_id, 'revision', revision, 'report_id', report_id,
            'reverses', reverses,
            'operation', operation, 'good', trim_scale(good)::text,
            'scrapped', trim_scale(scrapped)::text, 'completed', trim_scale(completed)::text,
            'ordered', ordered, 'unit', unit, 'operations', reached, 'prediction', prediction,
            'occurred_at', occurred_at, 'recorded_at', CAST(:at AS timestamptz),
            'imported', CAST(:imported AS boolean)) AS fact
    FROM known
    UNION ALL
    SELECT place, 2, work_order_id, trace, 'production.work_order_completed.v1', json_build_object(
        'work_order_id', work_order_id, 'order_id', order_id, 'schedule_line_id', schedule_line_id,
        'buyer_id', buyer_id, 'supplier_id', supplier_id, 'revision', revision + 1,
        'quantity', ordered, 'unit', unit,
        'completed_at', occurred_at)
    FROM known WHERE completes
    UNION ALL
    SELECT place, 3, work_order_id, trace, 'production.slippage_predicted.v1', json_build_object(
        'work_order_id', work_order_id, 'order_id', order_id, 'schedule_line_id', schedule_line_id,
        'buyer_id', buyer_id, 'supplier_id', supplier_id, 'revision', revision + 1,
        'promised_on', promised_on,
        'prediction', prediction, 'predicted_at', CAST(:at AS timestamptz))
    FROM known WHERE slips
)
INSERT INTO outbox (topic, subject, message)
SELECT 'production', work_order_id,
    cloud_event(type, work_order_id::text, :at, fact, coalesce(trace, :trace))
FROM events ORDER BY place, turn
