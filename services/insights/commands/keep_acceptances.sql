-- Keep acts of acceptance, and count the days that each took in the month in which it was done.
WITH new AS (
    INSERT INTO acceptances (acceptance_id, receipt_id, number, buyer_id, supplier_id,
        delivered_on, accepted_on, deemed)
    SELECT acceptance_id, receipt_id, number, buyer_id, supplier_id, delivered_on, accepted_on,
        deemed
    FROM json_to_recordset(CAST(:acceptances AS json)) AS said (
        acceptance_id uuid, receipt_id uuid, number text, buyer_id uuid, supplier_id uuid,
        delivered_on date, accepted_on date, deemed boolean)
    ON CONFLICT (acceptance_id) DO NOTHING
    RETURNING *
)
INSERT INTO months AS known (buyer_id, supplier_id, month, acceptances, acceptance_days, deemed)
SELECT buyer_id, supplier_id, date_trunc('month', accepted_on::timestamp)::date AS month,
    count(*), sum(greatest(accepted_on - delivered_on, 0)), count(*) FILTER (WHERE deemed)
FROM new GROUP BY buyer_id, supplier_id, month
ON CONFLICT (buyer_id, supplier_id, month) DO UPDATE SET
    acceptances = known.acceptances + excluded.acceptances,
    acceptance_days = known.acceptance_days + excluded.acceptance_days,
    deemed = known.deemed + excluded.deemed
