"""The rules of logistics: values and pure functions."""
