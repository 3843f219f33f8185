"""A fault for Hormesis: somebody else holds the lock of a file."""
