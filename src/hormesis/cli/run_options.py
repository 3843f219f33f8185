"""The options of ``hormesis run`` as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RunOptions:
    """The options of ``hormesis run`` as given.

    ``out_given``: ``out`` was said, and is not what it is when nobody says any.
    """

    variables: tuple[str, ...] = ()
    seed: int | None = None
    time_scale: float = 1.0
    out: Path = Path("hormesis-runs")
    out_given: bool = False
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


def run_options(given: Mapping[str, Any], extra: tuple[str, ...]) -> RunOptions:
    """Return the options whose values are *given* by the names of the fields; *extra* are unread.

    What can be said several times is None when it was not said.
    """
    values: dict[str, Any] = {
        one.name: tuple(given[one.name] or ()) if one.default == () else given[one.name]
        for one in fields(RunOptions)
        if one.name in given
    }
    return RunOptions(**values, extra=extra)
