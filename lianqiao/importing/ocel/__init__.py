"""Read orders out of an OCEL 2.0 event log (https://www.ocel-standard.org/, SQLite and JSON)."""
