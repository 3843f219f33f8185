"""Parts that several faults share."""
