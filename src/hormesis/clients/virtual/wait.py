"""Waiting times between a user's tasks; each is a function of the user that returns seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WaitTime = Callable[[Any], float]


def constant(seconds: float) -> WaitTime:
    """Return a waiting time that is always the same."""
    return lambda user: seconds


def between(shortest: float, longest: float) -> WaitTime:
    """Return a waiting time evenly drawn between two, from the user's own stream of the seed.

    Raises:
        ValueError: the second is shorter than the first.
    """
    if longest < shortest:
        raise ValueError(f"expected between(shortest, longest), found ({shortest}, {longest})")
    spread = longest - shortest
    return lambda user: shortest + spread * user.rng.random()


def constant_pacing(seconds: float) -> WaitTime:
    """Return what is left of *seconds* since the task began; 0 when it took longer.

    So the rate is *at most* users / seconds. For a rate that a slow system cannot lower, use a load
    with an arrival rate.
    """
    return lambda user: max(0.0, seconds - (user.clock.now() - user.task_began_s))


def constant_throughput(tasks_per_s: float) -> WaitTime:
    """Return the pacing at which one user does at most *tasks_per_s* tasks a second."""
    return constant_pacing(1.0 / tasks_per_s)
