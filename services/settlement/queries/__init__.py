"""Settlement: queries."""
