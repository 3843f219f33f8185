"""What PostgreSQL says of a test's transactions while it runs: locks, waits, deadlocks."""
