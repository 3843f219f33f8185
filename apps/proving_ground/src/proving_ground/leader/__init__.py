"""The leader: a trader that acts only while it holds the lock."""
