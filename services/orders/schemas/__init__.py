"""What the orders API accepts and returns."""
