"""The system of suite tasks: the queen and its workers."""
