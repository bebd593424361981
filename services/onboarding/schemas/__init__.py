"""What the onboarding API accepts and returns."""
