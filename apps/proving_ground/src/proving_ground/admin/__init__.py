"""The administrators' command line, straight to the database."""
