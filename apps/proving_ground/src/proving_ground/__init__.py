"""A small job system: one main server, PostgreSQL, and bots that claim and complete jobs."""
