"""Experiment: the frozen value that a checked file becomes.

Everything here is decoded and consistent: durations are seconds, kinds are objects, names refer to
things that exist. What is not here was not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hormesis.words.check import Check
from hormesis.words.client import ClientKind
from hormesis.words.command import Command
from hormesis.words.end_condition import EndCondition
from hormesis.words.fault import Fault
from hormesis.words.load import Load
from hormesis.words.probe import Probe
from hormesis.words.stop_condition import StopCondition
from hormesis.words.target import Target
from hormesis.words.trouble import Place

PROXY = "hormesis-proxy"
"""The custodian's name of the fault proxy that carries an experiment's links."""


SCRATCH = "scratch"
"""The subject of the folder that a run's services may write to and that goes with the run."""


@dataclass(frozen=True, slots=True)
class Ready:
    """When a started service counts as ready: exactly one of ``tcp``, ``http`` or ``line``.

    ``tcp`` is ``host:port``, ``http`` a URL that must answer 2xx, ``line`` a text in its output.
    """

    tcp: str = ""
    http: str = ""
    line: str = ""
    within_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Service:
    """A process the custodian knows by name: started by us (``run``), or attached.

    Attached ones are found by ``pid`` or by the ``port`` they listen on; for them ``run`` is only
    how to start them again, if the file says how.
    """

    name: str
    run: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = ""
    attached: bool = False
    pid: int = 0
    port: int = 0
    restart: bool = False
    """Start it again after an unplanned exit, as a supervisor would."""
    ready: Ready | None = None
    stop_signal: str = "TERM"
    stop_grace_s: float = 5.0
    clock: str = ""
    """The file through which its clock is set; empty: it has the machine's clock."""
    depends_on: tuple[str, ...] | None = None
    """The services that must be ready before it is started; None: all that come before it."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A folder that the run mounts before it starts any process; sizes in bytes, 0: no limit."""

    name: str
    sort: str
    """tmpfs, loop or fuse."""
    path: str
    size_bytes: int = 0
    inodes: int = 0

    @property
    def control(self) -> str:
        """The socket for the rules of a fuse volume; empty for any other sort."""
        return f"{self.path}.sock" if self.sort == "fuse" else ""


@dataclass(frozen=True, slots=True)
class Link:
    """A proxied connection: listen and upstream are ``host:port``."""

    name: str
    listen: str
    upstream: str


@dataclass(frozen=True, slots=True)
class NamedProbe:
    """A probe with the name its observations go by."""

    name: str
    probe: Probe
    within_s: float = 10.0
    """As a steady-state condition: how long it may take until it is met."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often a fault comes again; all durations in seconds.

    Gaps from start to start are drawn between ``gap_s_min`` and ``gap_s_max``. It ends after
    ``times`` rounds in all, or before the first round that would begin at ``until_s`` or later.

    Raises:
        ValueError: nothing ends it.
    """

    gap_s_min: float
    gap_s_max: float
    times: int | None = None
    until_s: float | None = None

    def __post_init__(self) -> None:
        if self.times is None and (self.until_s is None or self.gap_s_min <= 0):
            raise ValueError("expected rounds that come to an end")


@dataclass(frozen=True, slots=True)
class FaultTrack:
    """A fault, on a selection of targets, from ``at_s`` for ``for_s`` seconds."""

    name: str
    fault: Fault
    target: str
    at_s: float
    for_s: float
    pick: int | float | None = None
    """How many of the selected targets (a whole number) or which share (below 1); None: all."""
    place: Place | None = None
    repeat: Repeat | None = None
    """How it comes again; None: it happens once."""


@dataclass(frozen=True, slots=True)
class LoadTrack:
    """A load performed by a client, from ``at_s`` on."""

    name: str
    load: Load
    client: ClientKind
    at_s: float = 0.0
    graceful_stop_s: float = 30.0
    """How long iterations that run when the load ends may take to finish."""
    processes: int = 0
    """How many processes play it; 0: as many as it needs and the machine has cores."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of everything that its users do."""


@dataclass(frozen=True, slots=True)
class ProbeTrack:
    """A probe repeated every ``every_s`` seconds while the tracks run."""

    name: str
    probe: Probe
    every_s: float = 1.0
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the run may do at most; all durations in seconds."""

    duration_s: float = 3600.0
    hold_s: float = 600.0
    effects: int = 256
    lease_s: float = 5.0
    bite_within_s: float = 10.0
    heal_within_s: float = 30.0
    settle_s: float = 0.0
    """How long probes and loads go on watching after the last fault is released."""
    targets_max: int | None = None
    """How many targets the faults may hit in all."""
    share_max: float | None = None
    """The largest share of a selection that one track may hit."""
    protected: tuple[str, ...] = ()
    """Targets, services, links and containers that no fault may hit."""


@dataclass(frozen=True)
class Experiment:
    """One experiment, checked."""

    title: str
    source: str
    seed: int
    description: str = ""
    id: str = ""
    time_scale: float = 1.0
    services: tuple[Service, ...] = ()
    links: tuple[Link, ...] = ()
    volumes: tuple[Volume, ...] = ()
    targets: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    prepare: tuple[ClientKind, ...] = ()
    finish: tuple[ClientKind, ...] = ()
    on_fail: tuple[ClientKind | Command, ...] = ()
    """What is done at the end of a run that does not pass, while the system is still there."""
    steady_state: tuple[NamedProbe, ...] = ()
    faults: tuple[FaultTrack, ...] = ()
    loads: tuple[LoadTrack, ...] = ()
    probes: tuple[ProbeTrack, ...] = ()
    final_probes: tuple[NamedProbe, ...] = ()
    """Observed once after everything was released and settled: evidence for checks."""
    checks: tuple[Check, ...] = ()
    left_out: tuple[str, ...] = ()
    """Checks that ``unless`` left out, each with its reason, to be counted and shown."""
    stop_when: tuple[StopCondition, ...] = ()
    end_when: tuple[EndCondition, ...] = ()
    limits: Limits = field(default_factory=Limits)
    variables: Mapping[str, str] = field(default_factory=dict)
    """The variables as resolved, secrets masked, for the manifest."""
    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the run hands out itself: ``port.NAME``, ``link.NAME.url`` …; may hold passwords."""
    by_hand: bool = False
    """Faults come from a program while it runs, so what they may need is there from the start."""
    attached_addresses: tuple[str, ...] = ()
    """Addresses of systems we did not start; a second run on one of them is refused."""
    document: Mapping[str, Any] = field(default_factory=dict)
    """The file as it was read, for the manifest."""
