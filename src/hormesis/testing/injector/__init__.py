"""The injector of one test: what it can do to the test's own code, its connections and server."""
