"""The shape of a load from the command line: which executor the options mean, and its keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hormesis.compose.load_wanted import LoadWanted
from hormesis.compose.option_problems import OptionProblems
from hormesis.words.units import per_second_from, seconds_from, text_of_seconds

VUS = 10
LASTS_S = 10.0
"""What a load without a shape is: ten users for ten seconds."""
PATIENCE_S = 5.0
"""Arrivals get users enough for answers that take this long, when ``--vus`` is not given."""
RATE_VUS_MIN, RATE_VUS_MAX = 50, 5_000
ITERATIONS_S_MAX = 600.0

SHAPING = ("--vus", "--for", "--rate", "--iterations", "--stage", "--start-vus")
"""The options that are about the shape."""


@dataclass(frozen=True)
class WantedShape:
    """A load track's keys without its client; how long it lasts; its users; and it all in words."""

    keys: Mapping[str, Any]
    lasts_s: float
    users: int
    told: str
    closed: bool
    """Whether the rate is what the system gives, so that more processes send more."""


def shape_of(wanted: LoadWanted, problems: OptionProblems) -> WantedShape:
    """Return the shape that the options mean; problems are added."""
    rate = per_second_of(wanted.rate, problems)
    lasts_s = problems.parsed("--for", wanted.lasts, _lasting, LASTS_S) if wanted.lasts else None
    for option, number in (("--vus", wanted.vus), ("--iterations", wanted.iterations)):
        if number is not None and number < 1:
            problems.add(option, f"expected a whole number of at least 1, found {number}")
    stages = [_stage(text, problems) for text in wanted.stages]
    by_rate = wanted.rate != "" or any(stage.is_rate for stage in stages)
    _refuse_clashes(wanted, problems, by_rate=by_rate)
    if stages:
        return _staged(wanted, stages, rate or 0.0, by_rate=by_rate)
    if wanted.iterations is not None:
        return _iterated(wanted, wanted.iterations, lasts_s)
    if wanted.rate:
        return _arrivals(wanted.vus, rate or 1.0, lasts_s or LASTS_S)
    users, lasts_s = wanted.vus or VUS, lasts_s or LASTS_S
    keys = {"load": "constant-vus", "vus": users, "for": text_of_seconds(lasts_s)}
    told = f"{_users(users)} for {text_of_seconds(lasts_s)}"
    return WantedShape(keys, lasts_s, users, told, closed=True)


def per_second_of(text: str, problems: OptionProblems) -> float | None:
    """Return ``--rate`` in 1/s; None when it was not given or is wrong."""
    if not text:
        return None
    return problems.parsed("--rate", text, _rate, 1.0)


def users_for(rate: float) -> int:
    """Return how many users *rate* arrivals per second may keep busy; they are made as needed."""
    return min(RATE_VUS_MAX, max(RATE_VUS_MIN, math.ceil(rate * PATIENCE_S)))


def arrivals(vus: int | None, rate: float, lasts_s: float) -> WantedShape:
    """Return *rate* arrivals per second for *lasts_s* seconds."""
    return _arrivals(vus, rate, lasts_s)


def _arrivals(vus: int | None, rate: float, lasts_s: float) -> WantedShape:
    users = vus or users_for(rate)
    keys = {
        "load": "constant-arrival-rate",
        "rate": f"{rate:.9g}/s",
        "for": text_of_seconds(lasts_s),
        "vus": users,
    }
    told = f"{rate:.6g}/s for {text_of_seconds(lasts_s)}, by up to {_users(users)}"
    return WantedShape(keys, lasts_s, users, told, closed=False)


def _iterated(wanted: LoadWanted, iterations: int, lasts_s: float | None) -> WantedShape:
    users = min(wanted.vus or VUS, max(1, iterations))
    most_s = lasts_s or ITERATIONS_S_MAX
    keys = {
        "load": "shared-iterations",
        "vus": users,
        "iterations": iterations,
        "max_duration": text_of_seconds(most_s),
    }
    told = f"{iterations:,} iterations by {_users(users)}, {text_of_seconds(most_s)} at most"
    return WantedShape(keys, most_s, users, told, closed=True)


@dataclass(frozen=True)
class _Stage:
    lasts_s: float
    target: float
    is_rate: bool


def _stage(text: str, problems: OptionProblems) -> _Stage:
    lasts, colon, target = text.partition(":")
    form = "expected DURATION:TARGET, such as 30s:100 (users) or 30s:100/s (rate)"
    if not colon:
        problems.add("--stage", f"{form}, found {text!r}")
        return _Stage(1.0, 1, is_rate=False)
    lasts_s = problems.parsed("--stage", lasts, _span, 1.0)
    is_rate = "/" in target
    number = -1.0
    try:
        number = per_second_from(target) if is_rate else float(target)
    except ValueError:
        number = -1.0
    if not math.isfinite(number) or number < 0:
        problems.add("--stage", f"{form}, found {text!r}")
        number = 1.0
    return _Stage(lasts_s, number, is_rate)


def _staged(wanted: LoadWanted, stages: list[_Stage], rate: float, *, by_rate: bool) -> WantedShape:
    lasts_s = sum(one.lasts_s for one in stages)
    path = " → ".join(f"{one.target:.6g}" for one in stages)
    highest = max(rate, *(one.target for one in stages)) if by_rate else 0.0
    if by_rate:
        users = wanted.vus or users_for(highest)
        keys = {
            "load": "ramping-arrival-rate",
            "start_rate": f"{rate:.9g}/s",
            "stages": [
                {"for": text_of_seconds(one.lasts_s), "target": f"{one.target:.9g}/s"}
                for one in stages
            ],
            "vus": users,
        }
        told = f"{rate:.6g} → {path} per second over {text_of_seconds(lasts_s)}"
        return WantedShape(keys, lasts_s, users, told, closed=False)
    start = 1 if wanted.start_vus is None else wanted.start_vus
    users = int(max(start, *(one.target for one in stages)))
    keys = {
        "load": "ramping-vus",
        "start_vus": start,
        "stages": [
            {"for": text_of_seconds(one.lasts_s), "target": round(one.target)} for one in stages
        ],
    }
    told = f"{start} → {path} users over {text_of_seconds(lasts_s)}"
    return WantedShape(keys, lasts_s, users, told, closed=True)


def _refuse_clashes(wanted: LoadWanted, problems: OptionProblems, *, by_rate: bool) -> None:
    given = wanted.given()
    if wanted.stages:
        if wanted.lasts:
            problems.add("--for", "expected only --stage, which says how long each stage lasts")
        if wanted.iterations is not None:
            problems.add("--iterations", "expected either --stage or --iterations, found both")
        if wanted.vus is not None and not by_rate:
            hint = "the targets of the stages are the users; --start-vus is where they begin"
            problems.add("--vus", "expected either --stage or --vus, found both", hint)
    elif wanted.iterations is not None and wanted.rate:
        problems.add("--iterations", "expected either --rate or --iterations, found both")
    if "--start-vus" in given and (not wanted.stages or by_rate):
        problems.add("--start-vus", "expected --stage with targets that are users, found none")
    if wanted.start_vus is not None and wanted.start_vus < 0:
        problems.add("--start-vus", f"expected at least 0, found {wanted.start_vus}")


def _lasting(text: str) -> float:
    if not (seconds := _span(text)):
        raise ValueError("expected a duration above 0")
    return seconds


def _span(text: str) -> float:
    try:
        return seconds_from(text)
    except ValueError as error:
        unit = f"; did you mean {text}s?" if _is_number(text) else ""
        raise ValueError(f"{error}{unit}") from None


def _rate(text: str) -> float:
    try:
        rate = per_second_from(text)
    except ValueError as error:
        unit = f"; did you mean {text}/s?" if _is_number(text) else ""
        raise ValueError(f"{error}{unit}") from None
    if rate <= 0:
        raise ValueError("expected a rate above 0")
    return rate


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _users(number: int) -> str:
    return f"{number:,} user{'s' * (number != 1)}"
