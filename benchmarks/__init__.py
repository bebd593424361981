"""The figures that we promise: each module with a `run` measures one, beside its limit."""
