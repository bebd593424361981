"""Settlement: api."""
