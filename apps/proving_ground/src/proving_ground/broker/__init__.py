"""The broker: a simulated exchange for the leader."""
