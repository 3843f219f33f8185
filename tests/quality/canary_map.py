"""The maps in ``canaries/``: which check of a suite catches which planted defect, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

SUITES = Path(str(files("hormesis").joinpath("suites")))
MAPS = Path(__file__).with_name("canaries")
NO_PARTS = ("suite.yaml", "target.yaml")
SHORT = ("--time-scale", "0.2")
CLEAN = ("--time-scale", "0.1")


@dataclass(frozen=True)
class Canary:
    """What one planted defect must break, by scenario, and what it may break beside that.

    ``beside`` are the defects without which it would not show; ``options`` are words of the command
    line with which it shows, such as a level of difficulty.
    """

    name: str
    beside: Sequence[str]
    fails: Mapping[str, Sequence[str]]
    may: Mapping[str, str]
    options: Sequence[str] = ()

    @property
    def switched_on(self) -> str:
        """Return all defects that have to be on, as the proving ground is told of them."""
        return ",".join([self.name, *self.beside])

    def expected(self, scenario: str) -> set[str]:
        """Return the checks that must fail in *scenario*; empty when none has to."""
        return set(self.fails.get(scenario, ()))


@dataclass(frozen=True)
class CanaryMap:
    """One suite's map; ``short`` and ``clean`` are options of runs with and without a defect."""

    suite: str
    canaries: Mapping[str, Canary]
    short: Sequence[str] = SHORT
    clean: Sequence[str] = CLEAN


def suites_with_maps() -> list[str]:
    """Return the suites whose planted defects are mapped, those of ``canaries/*.yaml``."""
    return sorted(path.stem for path in MAPS.glob("*.yaml"))


@cache
def read_map(suite: str) -> CanaryMap:
    """Return the map of *suite*."""
    data: dict[str, Any] = yaml.safe_load((MAPS / f"{suite}.yaml").read_text())
    options = {name: tuple(words) for name, words in data.pop("options", {}).items()}
    canaries = {
        name: Canary(
            name,
            one.get("with") or (),
            one["fails"],
            one.get("may") or {},
            one.get("options") or (),
        )
        for name, one in data.items()
    }
    return CanaryMap(suite, canaries, **options)


@cache
def read_scenario_files(suite: str) -> dict[str, dict[str, Any]]:
    """Return the suite's scenarios and all that they include, by their paths in its folder.

    A scenario in the short form stands for the file that the suite gives it as a frame.
    """
    folder = SUITES / suite
    frame = yaml.safe_load((folder / "suite.yaml").read_text()).get("short_form")
    left = [path.name for path in _tops(folder) if path.name not in NO_PARTS]
    documents: dict[str, dict[str, Any]] = {}
    while left:
        name = left.pop()
        if name not in documents:
            data = yaml.safe_load((folder / name).read_text())
            documents[name] = data if isinstance(data, dict) else {}
            for one in _short_forms(data):
                documents[f"{name}#{one['id']}"] = {"id": one["id"], "include": frame}
            if "toxic" in documents[name] and "title" not in documents[name]:
                documents[name] = {"include": frame}
            left += included_by(name, documents)
    return dict(sorted(documents.items()))


def _tops(folder: Path) -> Iterator[Path]:
    for form in ("*.yaml", "*.json"):
        yield from folder.glob(form)


def _short_forms(data: Any) -> list[dict[str, Any]]:
    """Return the scenarios that a file in the short form holds."""
    several = data.get("scenarios", [data]) if isinstance(data, dict) else data
    return [one for one in several or () if isinstance(one, dict) and "toxic" in one]


def scenario_names(suite: str) -> list[str]:
    """Return the ids of the suite's scenarios."""
    return sorted(file_of(suite))


def file_of(suite: str) -> dict[str, str]:
    """Return in which of :func:`read_scenario_files` each scenario stands."""
    documents = read_scenario_files(suite)
    return {str(one["id"]): name for name, one in documents.items() if "id" in one}


def included_by(name: str, documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the paths of the files that one file includes itself."""
    included = documents[name].get("include", [])
    included = [included] if isinstance(included, str) else included
    folder = Path(name.partition("#")[0]).parent
    return [(folder / one).as_posix() for one in included if one]


def parts_of(name: str, documents: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the file itself and all that it includes."""
    return {name}.union(*(parts_of(one, documents) for one in included_by(name, documents)))


def probes_in(document: Mapping[str, Any]) -> list[str]:
    """Return the names of the probes that one file asks, without those of the steady state."""
    asked = [*document.get("tracks", []), *document.get("final", [])]
    return [str(one["name"]) for one in asked if "probe" in one]


def checks_in(document: Mapping[str, Any]) -> list[str]:
    """Return the names of the checks that one file defines, its steady state included."""
    steady = [f"steady state: {one['name']}" for one in document.get("steady_state", [])]
    return steady + [str(one["name"]) for one in document.get("checks", [])]
