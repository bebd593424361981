-- Publish what production publishes of reports, on the seeded work orders in turn.
INSERT INTO production.outbox (topic, subject, message)
SELECT 'production', work_order_id, production.cloud_event(
    'production.progress_reported.v1', work_order_id::text, now(), json_build_object(
        'work_order_id', work_order_id, 'order_id', benchmarks.id(3, line),
        'schedule_line_id', benchmarks.id(5, line),
        'buyer_id', benchmarks.id(1, line %% %(buyers)s::int),
        'supplier_id', benchmarks.id(1, 65536 + line / %(buyers)s::int %% %(suppliers)s::int),
        'revision', 2 + turn, 'report_id', uuidv7(), 'reverses', null, 'operation', 1,
        'good', '1', 'scrapped', '0', 'completed', (1 + turn)::text,
        'ordered', %(quantity)s::text, 'unit', 'C62', 'operations', json_build_array(
            json_build_object('sequence', 1, 'name', '完工 Finished', 'good', (1 + turn)::text,
                'scrapped', '0')),
        'prediction', json_build_object(
            'predicted_on', current_date + 20, 'early_50_on', current_date + 18,
            'late_50_on', current_date + 22, 'early_90_on', current_date + 15,
            'late_90_on', current_date + 28, 'started_at', now(), 'reports', 3,
            'done_share', '0.25'),
        'occurred_at', now(), 'recorded_at', now(), 'imported', false), null)
FROM (
    SELECT n %% %(lines)s AS line, n / %(lines)s AS turn, benchmarks.id(6, n %% %(lines)s)
        AS work_order_id
    FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(events)s::bigint - 1) AS n
) AS reported
