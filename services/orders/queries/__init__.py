"""What may be asked of orders. Every query starts from what the caller may see."""
