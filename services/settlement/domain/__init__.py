"""The rules of settlement: values and pure functions; no I/O, no clock."""
