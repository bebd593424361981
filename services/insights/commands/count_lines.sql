-- Look anew at schedule lines of which something was told: the day on which all of each had been
-- delivered, what it adds to its months, and what of that the months lack so far.
WITH reached AS (
    SELECT schedule_line_id, delivered_on, sum(greatest(received - rejected, 0)) OVER (
        PARTITION BY schedule_line_id ORDER BY delivered_on) AS quantity
    FROM deliveries WHERE schedule_line_id = ANY (:lines)
), filled AS (
    SELECT line.schedule_line_id, min(delivered_on) AS day
    FROM lines AS line LEFT JOIN reached
        ON reached.schedule_line_id = line.schedule_line_id AND reached.quantity >= line.quantity
    WHERE line.schedule_line_id = ANY (:lines) GROUP BY line.schedule_line_id
), seen AS (
    UPDATE lines SET full_on = day FROM filled
    WHERE lines.schedule_line_id = filled.schedule_line_id
    RETURNING lines.schedule_line_id, buyer_id, supplier_id, first_promised_on, promised_on,
        full_on, cancelled
), counted AS (
    SELECT schedule_line_id, buyer_id, supplier_id, month, sum(first_promised) AS first_promised,
        sum(first_kept) AS first_kept, sum(promised) AS promised, sum(kept) AS kept
    FROM (
        SELECT schedule_line_id, buyer_id, supplier_id,
            date_trunc('month', first_promised_on::timestamp)::date AS month,
            1 AS first_promised, coalesce(full_on <= first_promised_on, false)::int AS first_kept,
            0 AS promised, 0 AS kept
        FROM seen WHERE first_promised_on IS NOT NULL AND NOT cancelled
        UNION ALL
        SELECT schedule_line_id, buyer_id, supplier_id,
            date_trunc('month', promised_on::timestamp)::date,
            0, 0, 1, coalesce(full_on <= promised_on, false)::int
        FROM seen WHERE promised_on IS NOT NULL AND NOT cancelled
    ) AS promise
    GROUP BY schedule_line_id, buyer_id, supplier_id, month
), news AS (
    SELECT schedule_line_id, month, coalesce(now.buyer_id, was.buyer_id) AS buyer_id,
        coalesce(now.supplier_id, was.supplier_id) AS supplier_id,
        coalesce(now.first_promised, 0) - coalesce(was.first_promised, 0) AS first_promised,
        coalesce(now.first_kept, 0) - coalesce(was.first_kept, 0) AS first_kept,
        coalesce(now.promised, 0) - coalesce(was.promised, 0) AS promised,
        coalesce(now.kept, 0) - coalesce(was.kept, 0) AS kept
    FROM counted AS now FULL JOIN (
        SELECT * FROM line_months WHERE schedule_line_id = ANY (:lines)
    ) AS was USING (schedule_line_id, month)
), told AS (
    SELECT * FROM news WHERE (first_promised, first_kept, promised, kept) <> (0, 0, 0, 0)
), remembered AS (
    INSERT INTO line_months AS line (schedule_line_id, month, buyer_id, supplier_id,
        first_promised, first_kept, promised, kept)
    SELECT schedule_line_id, month, buyer_id, supplier_id, first_promised, first_kept, promised, kept
    FROM told
    ON CONFLICT (schedule_line_id, month) DO UPDATE SET
        first_promised = line.first_promised + excluded.first_promised,
        first_kept = line.first_kept + excluded.first_kept,
        promised = line.promised + excluded.promised, kept = line.kept + excluded.kept
)
INSERT INTO months AS known (buyer_id, supplier_id, month,
    first_promised, first_kept, promised, kept)
SELECT buyer_id, supplier_id, month, sum(first_promised), sum(first_kept), sum(promised), sum(kept)
FROM told GROUP BY buyer_id, supplier_id, month
ON CONFLICT (buyer_id, supplier_id, month) DO UPDATE SET
    first_promised = known.first_promised + excluded.first_promised,
    first_kept = known.first_kept + excluded.first_kept,
    promised = known.promised + excluded.promised, kept = known.kept + excluded.kept
