"""A worker: it executes tasks and serves inference."""
