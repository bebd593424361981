"""The rules of insights: what figures mean, and what of them may be said to whom."""
