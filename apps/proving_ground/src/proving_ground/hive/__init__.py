"""The hive: it supervises workers."""
