"""History: everything that one run recorded, as a frozen value. The only source of verdicts.

All times are seconds since the start of the run. ``record/`` writes it while the run happens and
reads it back, whole or cut off anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hormesis.words.kind import Scalar
from hormesis.words.metric import MetricSlice
from hormesis.words.op import Drop, Op
from hormesis.words.op_sequence import ops_named

RELEASE_OF = "release of"
"""How the trouble of a fault begins of which the named effect was not undone."""
REVERTED = "reverted "
"""How the note begins that the named effect was undone without the engine having asked."""


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """One fault on one target: asked, injected, bite seen, released, bite gone.

    ``id`` is unique in the run; ``track`` is the track's name in the file; times are None until
    that step happened. ``proof`` and ``proof_gone`` are sentences with numbers. ``trouble`` says
    what went wrong; ``released_by`` is ``engine`` or ``custodian: <why>``.
    """

    id: str
    track: str
    kind: str
    target: str
    asked: float
    injected: float | None = None
    bitten: float | None = None
    released: float | None = None
    healed: float | None = None
    proof: str = ""
    proof_gone: str = ""
    trouble: str = ""
    released_by: str = ""
    skipped: str = ""
    """Names the missing capability when the fault was not even tried."""
    by: str = ""
    """The mechanism."""
    asked_value: float | None = None
    """The bite as a number, as it was asked for."""
    seen_value: float | None = None
    """The same number as it was measured."""
    unit: str = ""
    """The unit of both."""
    unreached: str = ""
    """What ended the tracks early, before it was to begin; it was not tried then."""
    length_s: float | None = None
    """How long it was to last, in seconds; None for a momentary one, which lasts no time."""
    unseen: str = ""
    """Why its bite was not seen, where the fault itself can tell."""

    @property
    def is_whole(self) -> bool:
        """Return whether it lasted as long as was asked, as far as that is known."""
        if self.length_s is None:
            return self.window is not None
        return self.window is not None and self.window[1] - self.window[0] >= 0.99 * self.length_s

    @property
    def window(self) -> tuple[float, float] | None:
        """Return (injected, released); an unreleased fault lasts for ever; None: not injected.

        An engine that was frozen learns of the injection after the custodian has undone it; the
        window then has no width.
        """
        if self.injected is None:
            return None
        released = float("inf") if self.released is None else self.released
        return min(self.injected, released), released


@dataclass(frozen=True, slots=True)
class ProbeRecord:
    """One observation of one probe. ``miss`` tells how it missed its expectation, if it did.

    ``expected`` is False when the probe has no expectation at all.
    """

    probe: str
    time: float
    fields: Mapping[str, Scalar]
    reason: str = ""
    miss: str = ""
    expected: bool = False
    took_s: float = 0.0
    rows: tuple[Mapping[str, Scalar], ...] = ()

    @property
    def good(self) -> bool:
        """Return whether there was a value and it met its expectation."""
        return not self.reason and not self.miss


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    """A change of a service: ``started``, ``attached``, ``exited``. ``planned`` when we caused it.

    ``chosen`` is a child that a fault's slot stands for from then on; what has become of one that
    no fault holds any more is not told.

    ``status`` is the exit code, negative for a signal. ``failed_start`` is an exit, planned too,
    of what this run itself tried to start and could not.
    """

    service: str
    time: float
    change: str
    pid: int = 0
    status: int | None = None
    planned: bool = False
    failed_start: bool = False


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """What one load did in all: how many users, drops, and how well it kept its own schedule."""

    load: str
    started: float
    ended: float | None = None
    users: int = 0
    iterations: int = 0
    dropped: int = 0
    spread_s: float | None = None
    """Of a burst: last send minus first send, the worst round."""
    loop_lag_s: float = 0.0
    """The worst lateness of the generator's own event loop while it ran."""
    trouble: str = ""
    waited: int = 0
    """Arrivals that found no free user and had to wait for one, the dropped ones too."""
    processes: int = 1
    """How many processes played it."""
    cpu_share: float = 0.0
    """The busiest of them: CPU seconds per second, over its busiest stretch."""
    lost: str = ""
    """What of it was lost with a process or machine that died; its figures are not whole."""
    late_p50_s: float = 0.0
    """The generator's own lateness, of its event loop or of arrivals that had a free user."""
    late_p95_s: float = 0.0
    late_p99_s: float = 0.0
    cpu_wait_share: float = 0.0
    """How much of its worst stretch the generator was ready to run but had no CPU."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the engine or custodian wants known: ``level`` is info, warning or fatal.

    A ``fatal`` note makes the run unknown (a blind monitor, a revert behind the engine's back).
    """

    time: float
    level: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A named stretch of the run: ``starting``, ``steady-before``, ``tracks``, and so on."""

    name: str
    start: float


@dataclass(frozen=True)
class History:
    """One run. ``manifest`` is what was known before it began; ``end`` is None when cut off.

    ``manifest`` holds at least: ``run`` (id), ``title``, ``seed``, ``command`` (argv to replay),
    ``started_wall`` (seconds since the epoch), ``version``, ``experiment`` (source path),
    ``time_scale``, ``machine`` (mapping), ``tracks`` (list of {name, kind, describe, …}), and
    ``left_out`` (texts of checks that ``unless`` left out, each with its reason).
    ``end`` holds ``time``, ``reason`` (completed, interrupted, stopped, crashed …), ``dirty``
    (texts of effects that could not be undone) and, where there are any, ``unsafe`` (texts of what
    ``on_fail`` did not succeed in).
    """

    manifest: Mapping[str, Any]
    ops: Sequence[Op] = ()
    drops: Sequence[Drop] = ()
    metrics: Sequence[MetricSlice] = ()
    faults: Sequence[FaultRecord] = ()
    probes: Sequence[ProbeRecord] = ()
    processes: Sequence[ProcessRecord] = ()
    loads: Sequence[LoadRecord] = ()
    notes: Sequence[Note] = ()
    phases: Sequence[Phase] = ()
    end: Mapping[str, Any] | None = None
    problems: Sequence[str] = field(default=())
    """What was unreadable in the files: torn last lines, say."""

    @property
    def not_run(self) -> bool:
        """Return whether nothing of it happened: the scenario was skipped, or never begun."""
        return bool(self.manifest.get("skipped") or self.manifest.get("not_begun"))

    def ops_named(self, name: str) -> Iterator[Op]:
        """Return the operations called *name*; ``load.name`` restricts to one load."""
        load, dot, bare = name.rpartition(".")
        return ops_named(self.ops, bare if dot else name, load if dot else None)

    def observations(self, probe: str) -> list[ProbeRecord]:
        """Return the observations of *probe* in order of time."""
        return [one for one in self.probes if one.probe == probe]

    def faults_of(self, track: str) -> list[FaultRecord]:
        """Return the fault records of one track, or of all tracks for ``*``."""
        return [one for one in self.faults if track in ("*", one.track)]

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the checks that ``unless`` left out, each with its reason."""
        told = self.manifest.get("left_out")
        return tuple(str(one) for one in told) if isinstance(told, list | tuple) else ()

    @property
    def tracks_window(self) -> tuple[float, float] | None:
        """Return (start, end) of the phase in which tracks ran, or None if it never began."""
        starts = [phase for phase in self.phases if phase.name == "tracks"]
        if not starts:
            return None
        later = [phase.start for phase in self.phases if phase.start > starts[0].start]
        end = min(later, default=float(self.end["time"]) if self.end else float("inf"))
        return starts[0].start, end
