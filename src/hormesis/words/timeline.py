"""Timeline: the compiled, printable plan of a run. Printing it is the dry run."""

from __future__ import annotations

from dataclasses import dataclass

from hormesis.words.experiment import Experiment, LoadTrack, ProbeTrack
from hormesis.words.fault import Fault
from hormesis.words.permit import Permit
from hormesis.words.target import Target


@dataclass(frozen=True, slots=True)
class FaultAction:
    """One fault on one target. ``id`` is unique; ``stream`` names its sub-stream of the seed.

    The mechanism is chosen; ``skip`` says why there is none on this machine. ``round`` counts the
    repetitions of its track from 1; no round begins before the one before it is over. ``share`` is
    the share of the children that live by then which the round may hit at most. ``by_hand``: it
    lasts until a program lets it go, and ``for_s`` is only the longest that it may.
    """

    id: str
    track: str
    fault: Fault
    target: Target
    at_s: float
    for_s: float
    stream: str
    skip: str = ""
    round: int = 1
    share: float | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the plan: when, what kind of thing, and what happens, in words."""

    at_s: float
    sort: str
    name: str
    text: str
    mechanism: str = ""
    until_s: float | None = None


@dataclass(frozen=True)
class Timeline:
    """Everything the engine will do, in order; ``duration_s`` is the length of the track phase."""

    experiment: Experiment
    actions: tuple[FaultAction, ...]
    loads: tuple[LoadTrack, ...]
    probes: tuple[ProbeTrack, ...]
    moments: tuple[Moment, ...]
    permit: Permit
    duration_s: float
