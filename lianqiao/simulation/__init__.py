"""A chain that never was: a car maker, its suppliers and theirs, drawn from a seed.

`chain.py` names who takes part, `plan.py` draws what happens, `play.py` lets it happen through
the public APIs, and `live.py` goes on with it.
"""
