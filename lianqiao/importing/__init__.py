"""Take in what a company already has: its event log, its list of order lines.

A file and a mapping become orders in a staging file (`staging.py`); those go through the public
APIs (`parties.py`, `load.py`); what was given and what is stored are compared at the end
(`reconciliation.py`).
"""
