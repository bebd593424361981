"""Invariants of the logistics schema, each as SQL whose every row is a violation."""

CHECKS = {
    "shipped and over are received, missing or on the way, of every line of a notice": """
        SELECT id FROM notice_lines
        WHERE departed AND quantity + over <> received + missing + on_the_way
            OR NOT departed AND received + missing + over + on_the_way <> 0
    """,
    "a schedule line counts what its notices and its receipts count": """
        SELECT line.id, line.planned, line.shipped, line.over, line.received, line.missing,
            notices.planned, notices.departed, counted.received
        FROM schedule_lines AS line
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(notice.quantity) FILTER (WHERE state = 'planned'), 0) AS planned,
                coalesce(sum(notice.quantity) FILTER (WHERE departed), 0) AS departed
            FROM notice_lines AS notice JOIN shipments ON shipments.id = notice.shipment_id
            WHERE notice.schedule_line_id = line.id
        ) AS notices
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(received), 0) AS received, coalesce(sum(over), 0) AS over,
                coalesce(sum(missing), 0) AS missing, coalesce(sum(accepted), 0) AS accepted,
                coalesce(sum(rejected), 0) AS rejected,
                coalesce(sum(received - over) FILTER (WHERE notice_line_id IS NULL), 0)
                    AS unannounced
            FROM receipt_lines WHERE schedule_line_id = line.id
        ) AS counted
        WHERE (line.planned, line.shipped, line.over, line.received, line.missing, line.accepted,
                line.rejected)
            IS DISTINCT FROM
            (notices.planned, notices.departed + counted.unannounced, counted.over,
                counted.received, counted.missing, counted.accepted, counted.rejected)
    """,
    "a line of a notice counts what its receipts count": """
        SELECT notice.id FROM notice_lines AS notice
        LEFT JOIN receipt_lines AS line ON line.notice_line_id = notice.id
        GROUP BY notice.id
        HAVING (notice.received, notice.over, notice.missing) IS DISTINCT FROM (
            coalesce(sum(line.received), 0), coalesce(sum(line.over), 0),
            coalesce(sum(line.missing), 0))
    """,
    "what came is accepted, rejected or waiting, as its acceptances say": """
        SELECT line.id, line.accepted, line.rejected, sum(judged.accepted), sum(judged.rejected)
        FROM receipt_lines AS line
        LEFT JOIN acceptance_lines AS judged ON judged.receipt_line_id = line.id
        WHERE line.schedule_line_id IS NOT NULL
        GROUP BY line.id
        HAVING (line.accepted, line.rejected) IS DISTINCT FROM (
                coalesce(sum(judged.accepted), 0), coalesce(sum(judged.rejected), 0))
            OR line.received <> line.accepted + line.rejected + line.waiting
    """,
    "a receipt waits while something on it does": """
        SELECT receipt.id FROM receipts AS receipt
        LEFT JOIN receipt_lines AS line ON line.receipt_id = receipt.id AND line.waiting > 0
        GROUP BY receipt.id
        HAVING (receipt.state = 'waiting') <> (count(line.id) > 0)
    """,
    "a shipment that was received has nothing on the way": """
        SELECT shipment.id FROM shipments AS shipment
        JOIN notice_lines AS line ON line.shipment_id = shipment.id
        WHERE shipment.state = 'received' AND line.on_the_way <> 0
            OR line.departed <> (shipment.departed_at IS NOT NULL)
    """,
    "packages hold no more than the notice says": """
        SELECT notice.id, notice.quantity, sum(packed.quantity)
        FROM notice_lines AS notice
        JOIN package_lines AS packed ON packed.notice_line_id = notice.id
        GROUP BY notice.id HAVING sum(packed.quantity) > notice.quantity
    """,
    "no two packages have the same SSCC": """
        SELECT sscc FROM packages GROUP BY sscc HAVING count(*) > 1
    """,
    "nothing waits long after its days of inspection": """
        SELECT id, inspection_ends_on FROM receipts
        WHERE state = 'waiting' AND inspection_ends_on < current_date - 2
    """,
}
