"""What may be done in logistics. Each function is one use case in the caller's transaction.

Locks are taken in one order everywhere: shipments, receipts and schedule lines, each by id, and
last the counter of an organization. What is held is judged in pure rules and written in one
statement.
"""
