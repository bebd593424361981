"""What may be done in logistics. Each function is one use case in the caller's transaction.

Locks are taken in one order everywhere: the counter of an organization, then shipments, receipts
and schedule lines, each by id. What is held is judged in pure rules and written in one statement.
"""
