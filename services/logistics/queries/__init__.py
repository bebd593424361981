"""What may be asked of logistics. Every query starts from what the caller may see."""
