"""What the portal knows by itself: pictures, words and secrets; no I/O."""
