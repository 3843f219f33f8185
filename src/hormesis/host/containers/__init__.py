"""What can be done to a container, and how it is put back: one module per action."""
