"""The system of suite services: queen, hive and its workers."""
