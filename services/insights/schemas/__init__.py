"""What the insights API accepts and returns."""
