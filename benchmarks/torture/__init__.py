"""Do to an installation under load what can happen to one, then see that nothing is wrong."""
