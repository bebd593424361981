"""Read orders out of a list of order lines, as CSV or Excel."""
