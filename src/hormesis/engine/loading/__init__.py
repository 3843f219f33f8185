"""Loading: virtual users that play a load's schedule, and what they measure."""
