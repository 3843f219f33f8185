"""The system of suite leader: the trader, its broker, Redis and PostgreSQL."""
