"""Settlement: commands."""
