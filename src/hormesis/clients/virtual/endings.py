"""What a task raises to end its iteration, its set, or its user; none of them is a failure."""

from __future__ import annotations


class EndIteration(Exception):
    """End this iteration; the next one begins as usual."""


class Interrupt(Exception):
    """Leave the innermost set of tasks."""


class StopUser(Exception):
    """Let this user do nothing more."""
