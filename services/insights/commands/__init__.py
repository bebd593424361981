"""What may be done in insights. Each function is one use case in the caller's transaction."""
