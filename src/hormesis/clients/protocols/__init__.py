"""Sessions of other protocols than HTTP/1.1, for scripts and for clients told as data."""
