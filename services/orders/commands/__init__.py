"""What may be done in orders. Each function is one use case in the caller's transaction.

Rows are locked in one order everywhere: items, orders by id, schedule lines, changes. Whoever acts
on the lines of an order holds the order, so that what is announced about it stays in turn.
"""
