"""What a door asks for: one run of one file, with what the command line adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hormesis.custodian.privilege import Starter
from hormesis.spec.document import Document


@dataclass(frozen=True)
class RunRequest:
    """One run to be made.

    ``overrides`` are ``--set`` variables; ``environment`` is what ``${env.NAME}`` sees.
    ``time_scale`` multiplies the durations of the experiment's own shape. ``out`` is the folder in
    which the run directory is made. ``system`` replaces the file's system. ``suite``,
    ``scenario`` and ``scenario_dirs`` say where in a suite the file stands, as they are given on a
    command line. ``written`` is the experiment when *file* holds it in the short form.
    ``starter`` gives the custodian rights that this process lacks. ``reports`` are the kinds to
    write; None: every kind there is. ``command`` is the command line that asked for it, when that
    was no ``hormesis run``: repeating it repeats the run, and ``file`` is only its translation.
    ``processes`` generate load, 0 leaves it to the loads; ``cluster`` is the address of machines
    that do; ``by_hand`` lets a program choose the faults, which ``command`` then starts;
    ``metrics_port`` is where live figures are served to Prometheus, 0 takes a free port; ``otel``
    is the OTLP address to which they are pushed.
    """

    file: Path
    out: Path
    overrides: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    time_scale: float = 1.0
    system: Path | None = None
    force: bool = False
    starter: Starter | None = None
    suite: str = ""
    scenario: str = ""
    scenario_dirs: tuple[Path, ...] = ()
    written: Document | None = None
    reports: tuple[str, ...] | None = None
    command: tuple[str, ...] = ()
    processes: int = 0
    cluster: str = ""
    by_hand: bool = False
    metrics_port: int | None = None
    otel: str = ""

    @property
    def slug(self) -> str:
        """Return what the run's directory is called after."""
        return self.scenario or self.file.stem
