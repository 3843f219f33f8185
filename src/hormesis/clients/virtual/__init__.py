"""Virtual users as people write them: classes with weighted tasks, feeds and metrics."""
