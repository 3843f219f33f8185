"""Effectiveness: what chaos tests find and cover, run after run."""
