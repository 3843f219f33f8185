"""The options of ``hormesis load`` as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from hormesis.compose.load_wanted import LoadWanted


@dataclass(frozen=True)
class LimitOptions:
    """The options of ``--find-limit`` as given."""

    precision: str = "5%"
    repeats: int = 3
    rate_max: str = ""
    settle: str = "2s"


@dataclass(frozen=True)
class LoadOptions:
    """The options of ``hormesis load`` as given."""

    wanted: LoadWanted
    seed: int | None = None
    out: Path = Path("hormesis-runs")
    quiet: bool = False
    as_json: bool = False
    summary_json: Path | None = None
    csv: str = ""
    prometheus: int | None = None
    otel: str = ""
    cluster: str = ""
    force: bool = False
    yes: bool = False
    find_limit: bool = False
    limit: LimitOptions = field(default_factory=LimitOptions)


def load_options(given: Mapping[str, Any]) -> LoadOptions:
    """Return the options whose values are *given* by the names of the values' fields."""
    wanted = LoadWanted(**_of(LoadWanted, given))
    limit = LimitOptions(**_of(LimitOptions, given))
    return LoadOptions(wanted=wanted, limit=limit, **_of(LoadOptions, given))


def _of(kind: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name: one.default for one in fields(kind)}
    return {
        name: tuple(given[name] or ()) if default == () else given[name]
        for name, default in names.items()
        if name in given
    }
