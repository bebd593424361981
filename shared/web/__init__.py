"""What the pages of identity and of the portal share: frame, look and language."""
