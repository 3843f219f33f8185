"""Floor 6: the command line. A door: it asks compose, shows what happens, and exits with a code."""
