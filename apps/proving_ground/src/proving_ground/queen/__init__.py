"""The queen: the API of tasks and inference."""
