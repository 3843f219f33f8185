"""The map of ``canaries.yaml``: which check catches which planted defect, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

SUITE = Path(str(files("hormesis").joinpath("suites", "jobs")))


@dataclass(frozen=True)
class Canary:
    """What one planted defect must break, by scenario, and what it may break beside that.

    ``beside`` are the defects without which it would not show.
    """

    name: str
    beside: Sequence[str]
    fails: Mapping[str, Sequence[str]]
    may: Mapping[str, str]

    @property
    def switched_on(self) -> str:
        """Return all defects that have to be on, as the proving ground is told of them."""
        return ",".join([self.name, *self.beside])

    def expected(self, scenario: str) -> set[str]:
        """Return the checks that must fail in *scenario*; empty when none has to."""
        return set(self.fails.get(scenario, ()))


def read_canaries() -> dict[str, Canary]:
    """Return the canaries of ``canaries.yaml`` by name."""
    data: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("canaries.yaml").read_text())
    return {
        name: Canary(name, one.get("with") or (), one["fails"], one.get("may") or {})
        for name, one in data.items()
    }


def read_scenario_files() -> dict[str, dict[str, Any]]:
    """Return every YAML file of the suite by its name, except ``suite.yaml``."""
    return {
        path.name: yaml.safe_load(path.read_text())
        for path in sorted(SUITE.glob("*.yaml"))
        if path.name != "suite.yaml"
    }


def parts_of(name: str, documents: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the file itself and all that it includes."""
    included = documents[name].get("include", [])
    included = [included] if isinstance(included, str) else included
    return {name}.union(*(parts_of(one, documents) for one in included))


def probes_in(document: Mapping[str, Any]) -> list[str]:
    """Return the names of the probes that one file asks, without those of the steady state."""
    asked = [*document.get("tracks", []), *document.get("final", [])]
    return [str(one["name"]) for one in asked if "probe" in one]


def checks_in(document: Mapping[str, Any]) -> list[str]:
    """Return the names of the checks that one file defines, its steady state included."""
    steady = [f"steady state: {one['name']}" for one in document.get("steady_state", [])]
    return steady + [str(one["name"]) for one in document.get("checks", [])]
