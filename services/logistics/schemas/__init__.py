"""What the logistics API accepts and returns."""
