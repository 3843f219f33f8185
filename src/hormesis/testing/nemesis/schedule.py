"""Schedule: which trouble comes when, drawn from a seed before anything happens. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hormesis.spec.did_you_mean import did_you_mean
from hormesis.testing.injector.acts import Act, Script

MOMENTARY = ("crash_server", "restart_server", "terminate_mine", "terminate_random")
"""Methods of the injector that are over when they return."""
LASTING = (
    "deadlock", "delay_statements", "disk_full", "exhaust_connections", "fail_statements",
    "hold_lock", "stop_server",
)  # fmt: skip
"""Methods of the injector that last for a while."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may come: an injector's method with its arguments.

    ``weight`` is how often it comes, beside the others; ``for_s`` how long it lasts, where it does.
    """

    name: str
    weight: float = 1.0
    for_s: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


Faults = Mapping[str, float | Mapping[str, Any]] | Sequence[str | Choice]
"""Names; names with weights; or names with ``weight``, ``for_s`` and the method's arguments."""


def choices_of(faults: Faults) -> tuple[Choice, ...]:
    """Return *faults* as choices.

    Raises:
        ValueError: there is none, a name is not known, or a weight or a time is negative.
    """
    choices = tuple(_each(faults))
    if not choices:
        raise ValueError("expected at least one fault for the nemesis")
    for one in choices:
        if one.name not in (*MOMENTARY, *LASTING):
            hint = did_you_mean(one.name, [*MOMENTARY, *LASTING], noun="what a nemesis can do")
            raise ValueError(f"a nemesis knows no {one.name!r}; {hint}")
        if one.weight <= 0 or (one.for_s or 0) < 0:
            raise ValueError(f"expected a weight above 0 and no negative time for {one.name}")
    return choices


def drawn_script(
    choices: Sequence[Choice], rng: Random, *, every_s: float, for_s: float, most: int
) -> Script:
    """Return at most *most* acts, one after the other.

    Between the end of one and the next lie 0.5 to 1.5 times *every_s* seconds; *for_s* is how long
    those last for which nothing else is said.
    """
    at_s, acts = 0.0, []
    for _ in range(most):
        one = rng.choices(choices, [each.weight for each in choices])[0]
        at_s += every_s * rng.uniform(0.5, 1.5)
        lasts = None if one.name in MOMENTARY else for_s if one.for_s is None else one.for_s
        acts.append(Act(round(at_s, 3), one.name, dict(one.fields), lasts))
        at_s += lasts or 0.0
    return Script(acts)


def _each(faults: Faults) -> Iterator[Choice]:
    if not isinstance(faults, Mapping):
        for one in faults:
            yield one if isinstance(one, Choice) else Choice(one)
        return
    for name, told in faults.items():
        if isinstance(told, Mapping):
            fields = {key: value for key, value in told.items() if key not in ("weight", "for_s")}
            yield Choice(name, told.get("weight", 1.0), told.get("for_s"), fields)
        else:
            yield Choice(name, told)
