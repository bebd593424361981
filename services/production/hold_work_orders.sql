-- Hold work orders of a party in the order of their ids, and return the part that rules are about.
SELECT id, supplier_id, promised_on, agreed, cancelled_at, operations, good, scrapped, reports,
    started_at, last_reported_at, slipped_on, revision
FROM work_orders
WHERE (buyer_id = :party OR supplier_id = :party) AND id = ANY (CAST(:ids AS uuid[]))
ORDER BY id FOR UPDATE
