"""Settlement: schemas."""
