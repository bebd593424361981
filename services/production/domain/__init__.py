"""The rules of production: values and pure functions; no I/O, no clock."""
