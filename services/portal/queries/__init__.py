"""What the portal asks the other services, as any partner could."""
