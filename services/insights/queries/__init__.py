"""What can be asked of insights, and by whom."""
