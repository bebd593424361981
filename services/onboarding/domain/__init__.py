"""The rules of coming in and of relationships: values and pure functions."""
