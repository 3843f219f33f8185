"""Suites: folders of experiment files with a ``suite.yaml`` that names options and selections.

A suite is data: its options fill variables, its selections pick scenarios by id. Each scenario is
a run of its own, on a system of its own; together they make one report.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

from hormesis.compose.registry import catalogue
from hormesis.compose.suite_file import SuiteFile
from hormesis.compose.suite_folder import (
    SUITE_YAML,
    Scenario,
    ShortForm,
    added_scenarios,
    own_scenarios,
)
from hormesis.compose.suite_selection import Asked, selected
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.kind_forms import Forms
from hormesis.spec.locate import locate
from hormesis.spec.node import Node, Problems
from hormesis.words.report import Report
from hormesis.words.trouble import InputTrouble

RUN_OPTIONS = (
    "set", "seed", "time-scale", "out", "system", "scenario", "scenarios", "scenario-dir", "force",
    "recover", "yes", "isolated", "sudo", "as", "quiet", "json", "help", "options",
)  # fmt: skip
"""Options that every suite has; a suite's own would never be reached."""


@dataclass(frozen=True)
class Suite:
    """A suite in a folder. ``scenarios`` are by id, in the order in which they run."""

    name: str
    folder: Path
    file: SuiteFile
    scenarios: Mapping[str, Scenario]

    def select(self, asked: Asked) -> dict[str, Scenario]:
        """Return the scenarios that a command line means.

        Raises:
            UsageTrouble: no such choice, set or scenario, or nothing is left.
        """
        names = selected(self.name, self.file, list(self.scenarios), asked)
        return {name: self.scenarios[name] for name in names}

    def with_folders(self, folders: Sequence[Path]) -> Suite:
        """Return the suite with the scenarios that lie in *folders*.

        Raises:
            UsageTrouble: there is no such folder, or no scenario in it.
            InputTrouble: files there have problems; all of them are listed.
        """
        short = _short_form(self.name, self.folder, self.file, Problems())
        added = added_scenarios(folders, self.scenarios, short)
        return replace(self, scenarios={**self.scenarios, **added})

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
            raise InputTrouble(
                f"{self.folder / SUITE_YAML}: results: expected FILE.py:CLASS with a file of the"
                f" suite's folder, found {self.file.results.report!r}"
            )
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            told = f"it cannot be imported: {type(error).__name__}: {error}"
            raise InputTrouble(f"{self.folder / file}: {told}") from error
        report = getattr(module, name, None)
        if not (isinstance(report, type) and issubclass(report, Report)):
            raise InputTrouble(f"{self.folder / file}: there is no report class {name!r}")
        made: Report = report()
        return made


def suite_names() -> dict[str, Path]:
    """Return every suite by name: those that come with Hormesis, and those of plugins."""
    home = Path(str(files("hormesis").joinpath("suites")))
    found = {path.parent.name: path.parent for path in sorted(home.glob(f"*/{SUITE_YAML}"))}
    for point in entry_points(group="hormesis.suites"):
        found[point.name] = Path(str(files(point.value)))
    return found


def find_suite(name: str) -> Suite | None:
    """Return the suite called *name* or lying in the folder *name*; None if it is neither.

    Raises:
        InputTrouble: ``suite.yaml`` or a short scenario has problems; all of them are listed.
    """
    known = suite_names()
    folder = known.get(name, Path(name))
    path = folder / SUITE_YAML
    if not path.is_file():
        return None
    name = folder.resolve().name
    problems = Problems()
    document = locate(path)
    node = Node(document, document.data)
    file = Forms(catalogue(), {}, problems).frame(SuiteFile, node)
    if file is None:
        problems.raise_if_any()
        return None
    scenarios = _ordered(
        own_scenarios(folder, _short_form(name, folder, file, problems)), file
    )
    _check_names(node, file, scenarios, problems)
    if file.short_form and not (folder / file.short_form).is_file():
        problems.expected(node.under("short_form"), "the path of a file")
    problems.raise_if_any()
    return Suite(name, folder, file, scenarios)


def _short_form(name: str, folder: Path, file: SuiteFile, problems: Problems) -> ShortForm:
    path = str((folder / file.short_form).absolute()) if file.short_form else ""
    return ShortForm(name, path, Forms(catalogue(), {}, problems))


def _check_names(
    node: Node, file: SuiteFile, scenarios: Mapping[str, Scenario], problems: Problems
) -> None:
    """Find names that are nothing's, and options that would hide each other."""
    options: dict[str, Node] = {}
    take = partial(_take_option, options, problems)
    if node.has("may_skip"):
        _check_scenarios(node.under("may_skip").elements(), scenarios, problems)
    several = node.has("select") and isinstance(node.value["select"], list)
    selections = list(node.under("select").elements()) if several else []
    if file.selections and not several:
        selections = [node.under("select")]
    for one in selections:
        take(one.under("option"))
        if one.has("choices"):
            for _, names in one.under("choices").items():
                _check_scenarios(names.elements(), scenarios, problems)
        known = ["all", *(one.value["choices"] if one.has("choices") else ())]
        if one.has("default") and one.value["default"] not in known:
            problems.expected(one.under("default"), f"one of {', '.join(known)}")
    if node.has("options"):
        for _, option in node.under("options").items():
            take(option, at_key=True)
    if file.results and file.results.option:
        take(node.under("results").under("option"))
    for name in file.sets:
        one = node.under("sets").under(name)
        if one.has("scenarios"):
            _check_scenarios(one.under("scenarios").elements(), scenarios, problems)


def _take_option(
    taken: dict[str, Node], problems: Problems, node: Node, *, at_key: bool = False
) -> None:
    name = str(node.steps[-1]) if at_key else str(node.value)
    if name in RUN_OPTIONS:
        message = f"expected an option that `hormesis run` does not have, found {name}"
        problems.add(node, message, at_key=at_key)
    elif name in taken:
        line = taken[name].place.line
        message = f"expected an option of its own, found {name}, which line {line} has as well"
        problems.add(node, message, at_key=at_key)
    taken.setdefault(name, node)


def _check_scenarios(
    names: Iterable[Node], scenarios: Mapping[str, Scenario], problems: Problems
) -> None:
    for name in names:
        if name.value not in scenarios:
            message = f"expected the name of a scenario file, found {name.value!r}"
            problems.add(name, message, did_you_mean(str(name.value), scenarios))


def _ordered(scenarios: Mapping[str, Scenario], file: SuiteFile) -> dict[str, Scenario]:
    """Return the scenarios, first in the order of the selections, then the others."""
    named = [
        name
        for one in file.selections
        for names in one.choices.values()
        for name in names
        if name in scenarios
    ]
    return {name: scenarios[name] for name in dict.fromkeys([*named, *scenarios])}
