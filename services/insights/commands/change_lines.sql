-- Keep what both sides agreed on last; a day that nobody promised yet is none to be kept.
UPDATE lines AS line SET
    quantity = said.quantity,
    promised_on = CASE WHEN line.promised_on IS NOT NULL
        THEN coalesce(said.promised_on, line.promised_on) END,
    cancelled = line.cancelled OR said.cancelled
FROM json_to_recordset(CAST(:changes AS json)) AS said (
    schedule_line_id uuid, quantity numeric, promised_on date, cancelled boolean)
WHERE line.schedule_line_id = said.schedule_line_id
