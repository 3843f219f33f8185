"""Trouble in the background of a test: drawn from a seed, printed, and replayable."""
