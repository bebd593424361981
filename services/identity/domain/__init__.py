"""The rules of identity: who may do what, and which requests and proofs are sound."""
