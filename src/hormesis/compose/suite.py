"""Suites: folders of experiment files with a ``suite.yaml`` that names options and selections.

A suite is data: its options fill variables, its selection picks scenarios by id. Each scenario is a
run of its own, on a system of its own; together they make one report.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field

from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import Frame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.locate import locate
from hormesis.spec.node import Node, Problems
from hormesis.words.catalogue import Catalogue
from hormesis.words.report import Report
from hormesis.words.trouble import InputTrouble, UsageTrouble


class SuiteOption(Frame):
    """A command-line option that fills a variable of every scenario."""

    var: str
    env: str = ""
    help: str = ""


class SuiteSelection(Frame):
    """An option whose choices name scenarios."""

    option: str
    help: str = ""
    default: str = "all"
    choices: Mapping[str, Sequence[str]] = Field(default_factory=dict)


class SuiteResults(Frame):
    """A switch that adds a report of the suite's own: ``file.py:Class``."""

    option: str
    report: str
    help: str = ""


class SuiteFile(Frame):
    """What ``suite.yaml`` may hold."""

    title: str
    description: str = ""
    options: Mapping[str, SuiteOption] = Field(default_factory=dict)
    select: SuiteSelection | None = None
    results: SuiteResults | None = None


@dataclass(frozen=True)
class Suite:
    """A suite in a folder. ``scenarios`` maps ids to files, in the order they run."""

    name: str
    folder: Path
    file: SuiteFile
    scenarios: Mapping[str, Path]

    def select(self, choice: str | None, names: Sequence[str] = ()) -> dict[str, Path]:
        """Return the scenarios of a choice, or those named.

        Raises:
            UsageTrouble: no such choice or scenario.
        """
        if names:
            return {name: self._scenario(name) for name in names}
        selection = self.file.select
        if selection is None:
            return dict(self.scenarios)
        choice = choice or selection.default
        if choice == "all":
            return dict(self.scenarios)
        if choice not in selection.choices:
            known = [*selection.choices, "all"]
            raise UsageTrouble(
                f"--{selection.option} {choice}: expected one of {', '.join(known)}",
                hint=did_you_mean(choice, known),
            )
        return {name: self._scenario(name) for name in selection.choices[choice]}

    def _scenario(self, name: str) -> Path:
        if name not in self.scenarios:
            raise UsageTrouble(
                f"suite {self.name!r} has no scenario {name!r}",
                hint=did_you_mean(name, self.scenarios) or f"it has {', '.join(self.scenarios)}",
            )
        return self.scenarios[name]

    def own_report(self) -> Report | None:
        """Return the suite's own report, from its folder.

        Raises:
            InputTrouble: the class named in ``suite.yaml`` is not there.
        """
        if self.file.results is None:
            return None
        file, _, name = self.file.results.report.partition(":")
        spec = importlib.util.spec_from_file_location(
            f"hormesis_suite_{self.name}_{Path(file).stem}", self.folder / file
        )
        if spec is None or spec.loader is None or not (self.folder / file).is_file():
            raise InputTrouble(f"{self.folder / 'suite.yaml'}: results: there is no file {file!r}")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        report = getattr(module, name, None)
        if not (isinstance(report, type) and issubclass(report, Report)):
            raise InputTrouble(f"{self.folder / file}: there is no report class {name!r}")
        made: Report = report()
        return made


def suite_names() -> dict[str, Path]:
    """Return every suite by name: those that come with Hormesis, and those of plugins."""
    home = Path(str(files("hormesis").joinpath("suites")))
    found = {path.parent.name: path.parent for path in sorted(home.glob("*/suite.yaml"))}
    for point in entry_points(group="hormesis.suites"):
        found[point.name] = Path(str(files(point.value)))
    return found


def find_suite(name: str) -> Suite | None:
    """Return the suite called *name* or lying in the folder *name*; None if it is neither."""
    known = suite_names()
    folder = known.get(name, Path(name))
    path = folder / "suite.yaml"
    if not path.is_file():
        return None
    problems = Problems()
    document = locate(path)
    node = Node(document, document.data)
    file = Forms(Catalogue(), {}, problems).frame(SuiteFile, node)
    scenarios = _scenarios(folder, file) if file else {}
    if file and file.select:
        _check_choices(node.under("select").under("choices"), scenarios, problems)
    problems.raise_if_any()
    return Suite(folder.name, folder, file, scenarios) if file else None


def _check_choices(choices: Node, scenarios: Mapping[str, Path], problems: Problems) -> None:
    for _, names in choices.items():
        for name in names.elements():
            if name.value not in scenarios:
                message = f"expected the name of a scenario file, found {name.value!r}"
                problems.add(name, message, did_you_mean(str(name.value), scenarios))


def _scenarios(folder: Path, file: SuiteFile) -> dict[str, Path]:
    """Return scenario files by stem: first in the order of the selection, then the others.

    A YAML file without ``id`` is a part that others include, not a scenario.
    """
    scenarios = {
        path.stem: path
        for path in sorted(folder.glob("*.yaml"))
        if path.name != "suite.yaml" and _has_id(path)
    }
    ordered = [
        name
        for names in (file.select.choices.values() if file.select else ())
        for name in names
        if name in scenarios
    ]
    order = dict.fromkeys([*ordered, *scenarios])
    return {name: scenarios[name] for name in order}


def _has_id(path: Path) -> bool:
    try:
        data: Any = locate(path).data
    except InputTrouble:
        return True  # broken: reading it as an experiment will say how
    return isinstance(data, dict) and "id" in data
