"""What may be done in onboarding, by noun; each function is one use case."""
