"""Programs: run once to do something, and once more to put it back."""
