"""The options of ``hormesis run`` as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunOptions:
    """The options of ``hormesis run`` as given."""

    variables: tuple[str, ...] = ()
    seed: int | None = None
    time_scale: float = 1.0
    out: Path = Path("hormesis-runs")
    system: Path | None = None
    scenarios: tuple[str, ...] = ()
    scenario_dirs: tuple[Path, ...] = ()
    force: bool = False
    recover: bool = False
    yes: bool = False
    isolated: bool = False
    sudo: bool = False
    user: str = ""
    quiet: bool = False
    as_json: bool = False
    extra: tuple[str, ...] = ()
