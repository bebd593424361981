"""The rules of ordering. No database, no network, no clock."""
