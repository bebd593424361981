"""What an operator does with the figures: make them anew, and compare."""
