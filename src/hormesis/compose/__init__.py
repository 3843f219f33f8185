"""Floor 5: the only place that knows the shelves and the engine, and that looks for plugins."""
