"""Invariants of the orders schema, each as SQL whose every row is a violation."""

CHECKS = {
    "the parts of a line add up to its quantity and its amount": """
        SELECT line.id, line.quantity, sum(part.quantity), line.amount_minor,
            sum(part.amount_minor)
        FROM order_lines AS line LEFT JOIN schedule_lines AS part ON part.line_id = line.id
        GROUP BY line.id
        HAVING (line.quantity, line.amount_minor)
            IS DISTINCT FROM (sum(part.quantity), sum(part.amount_minor))
    """,
    "the lines of an order add up to its amount": """
        SELECT orders.id, orders.amount_minor, sum(line.amount_minor)
        FROM orders LEFT JOIN order_lines AS line ON line.order_id = orders.id
        GROUP BY orders.id
        HAVING (orders.amount_minor, orders.line_count)
            IS DISTINCT FROM (sum(line.amount_minor), count(line.id))
    """,
    "a schedule line repeats what its order and its line say": """
        SELECT part.id FROM schedule_lines AS part
        JOIN order_lines AS line ON line.id = part.line_id
        JOIN orders ON orders.id = line.order_id
        WHERE (part.order_number, part.currency, part.position, part.item_number, part.unit)
            IS DISTINCT FROM
            (orders.number, orders.currency, line.position, line.item_number, line.unit)
    """,
    "the first promise is the first, and the current one the last that was made": """
        SELECT line.id FROM schedule_lines AS line
        LEFT JOIN LATERAL (
            SELECT promised_on, quantity FROM promises WHERE schedule_line_id = line.id
            ORDER BY id LIMIT 1) AS first ON true
        LEFT JOIN LATERAL (
            SELECT promised_on, quantity FROM promises WHERE schedule_line_id = line.id
            ORDER BY id DESC LIMIT 1) AS last ON true
        WHERE (line.first_promised_on, line.first_promised_quantity)
                IS DISTINCT FROM (first.promised_on, first.quantity)
            OR line.promised_on IS DISTINCT FROM last.promised_on
            OR (line.promised_on IS NOT NULL AND line.quantity <> last.quantity)
    """,
    "no line has more made than was ever promised": """
        SELECT line.id, line.good, line.quantity FROM schedule_lines AS line
        WHERE line.good > line.quantity AND line.good > (
            SELECT coalesce(max(quantity), 0) FROM promises WHERE schedule_line_id = line.id)
    """,
    "a row names its open change, and only that": """
        SELECT line.id FROM schedule_lines AS line
        FULL JOIN (SELECT id, schedule_line_id FROM changes WHERE state = 'open') AS change
            ON change.schedule_line_id = line.id
        WHERE line.open_change_id IS DISTINCT FROM change.id
    """,
    "every order was announced in its story": """
        SELECT orders.id FROM orders
        WHERE (SELECT count(*) FROM entries WHERE order_id = orders.id AND kind = 'placed') <> 1
    """,
}
