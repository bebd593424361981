"""What the other services answer, as far as the portal reads it; fields it does not know pass."""
