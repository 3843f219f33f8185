"""Database load beside a test: the calls that users make, and what came of them."""
