"""PostgreSQL servers of our own: binaries found, clusters made fast, one account to run them."""
