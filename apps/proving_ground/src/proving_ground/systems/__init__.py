"""The systems that this distribution brings, as Hormesis system files."""
