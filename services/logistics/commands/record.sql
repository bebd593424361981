-- Write what was judged while its rows are held, and announce it. Any list may be empty.
WITH counted AS (
    UPDATE schedule_lines SET
        planned = told.planned, shipped = told.shipped, over = told.over,
        received = told.received, missing = told.missing, accepted = told.accepted,
        rejected = told.rejected, updated_at = :at
    FROM json_to_recordset(CAST(:goods AS json)) AS told (
        id uuid, planned numeric, shipped numeric, over numeric, received numeric,
        missing numeric, accepted numeric, rejected numeric)
    WHERE schedule_lines.id = told.id
), moved AS (
    UPDATE shipments SET
        state = told.state, departed_at = told.departed_at, arrived_at = told.arrived_at,
        received_at = told.received_at, updated_at = :at
    FROM json_to_recordset(CAST(:shipments AS json)) AS told (
        id uuid, state text, departed_at timestamptz, arrived_at timestamptz,
        received_at timestamptz)
    WHERE shipments.id = told.id
), announced AS (
    UPDATE notice_lines SET
        departed = told.departed, over = told.over, received = told.received,
        missing = told.missing
    FROM json_to_recordset(CAST(:notice_lines AS json)) AS told (
        id uuid, departed boolean, over numeric, received numeric, missing numeric)
    WHERE notice_lines.id = told.id
), came AS (
    INSERT INTO receipts (
        id, number, digest, buyer_id, supplier_id, shipment_id, order_id, state, complete,
        delivered_on, inspection_ends_on, working_days, provisional, by, occurred_at, recorded_at,
        imported)
    SELECT id, number, digest, buyer_id, supplier_id, shipment_id, order_id, state, complete,
        delivered_on, inspection_ends_on, working_days, provisional, :by, occurred_at, :at,
        :imported
    FROM json_to_recordset(CAST(:receipts AS json)) AS told (
        id uuid, number text, digest bytea, buyer_id uuid, supplier_id uuid, shipment_id uuid,
        order_id uuid, state text, complete boolean, delivered_on date, inspection_ends_on date,
        working_days bigint, provisional boolean, occurred_at timestamptz)
), lines_came AS (
    INSERT INTO receipt_lines (
        id, receipt_id, sequence, buyer_id, supplier_id, notice_line_id, schedule_line_id,
        order_id, item_number, item_name, unit, received, over, missing, damaged, accepted,
        rejected, note, photo_id)
    SELECT id, receipt_id, sequence, buyer_id, supplier_id, notice_line_id, schedule_line_id,
        order_id, item_number, item_name, unit, received, over, missing, damaged, accepted,
        rejected, note, photo_id
    FROM json_to_recordset(CAST(:receipt_lines AS json)) AS told (
        id uuid, receipt_id uuid, sequence bigint, buyer_id uuid, supplier_id uuid,
        notice_line_id uuid, schedule_line_id uuid, order_id uuid, item_number text,
        item_name text, unit text, received numeric, over numeric, missing numeric,
        damaged numeric, accepted numeric, rejected numeric, note text, photo_id uuid)
), judged AS (
    UPDATE receipts SET
        state = told.state, inspection_ends_on = told.inspection_ends_on,
        provisional = told.provisional
    FROM json_to_recordset(CAST(:judged AS json)) AS told (
        id uuid, state text, inspection_ends_on date, provisional boolean)
    WHERE receipts.id = told.id
), lines_judged AS (
    UPDATE receipt_lines SET accepted = told.accepted, rejected = told.rejected
    FROM json_to_recordset(CAST(:lines_judged AS json)) AS told (
        id uuid, accepted numeric, rejected numeric)
    WHERE receipt_lines.id = told.id
), accepted AS (
    INSERT INTO acceptances (
        id, receipt_id, buyer_id, supplier_id, deemed, accepted_on, by, occurred_at, recorded_at,
        imported)
    SELECT id, receipt_id, buyer_id, supplier_id, deemed, accepted_on, :by, occurred_at, :at,
        :imported
    FROM json_to_recordset(CAST(:acceptances AS json)) AS told (
        id uuid, receipt_id uuid, buyer_id uuid, supplier_id uuid, deemed boolean,
        accepted_on date, occurred_at timestamptz)
), lines_accepted AS (
    INSERT INTO acceptance_lines (
        id, acceptance_id, receipt_line_id, buyer_id, supplier_id, accepted, rejected, reason)
    SELECT id, acceptance_id, receipt_line_id, buyer_id, supplier_id, accepted, rejected, reason
    FROM json_to_recordset(CAST(:acceptance_lines AS json)) AS told (
        id uuid, acceptance_id uuid, receipt_line_id uuid, buyer_id uuid, supplier_id uuid,
        accepted numeric, rejected numeric, reason text)
), shown AS (
    UPDATE photos SET supplier_id = told.supplier_id
    FROM json_to_recordset(CAST(:photos AS json)) AS told (id uuid, supplier_id uuid)
    WHERE photos.id = told.id AND photos.supplier_id IS NULL
), told AS (
    INSERT INTO entries (
        id, shipment_id, receipt_id, buyer_id, supplier_id, carrier_id, kind, side, text, place,
        by, occurred_at, recorded_at, imported)
    SELECT id, shipment_id, receipt_id, buyer_id, supplier_id, carrier_id, kind, side, text, place,
        :by, occurred_at, :at, :imported
    FROM json_to_recordset(CAST(:entries AS json)) AS told (
        id uuid, shipment_id uuid, receipt_id uuid, buyer_id uuid, supplier_id uuid,
        carrier_id uuid, kind text, side text, text text, place text, occurred_at timestamptz)
)
INSERT INTO outbox (topic, subject, message)
SELECT 'logistics', subject, cloud_event(type, subject, :at, fact, :trace)
FROM json_to_recordset(CAST(:facts AS json)) AS facts (
    place bigint, type text, subject text, fact json)
ORDER BY place
