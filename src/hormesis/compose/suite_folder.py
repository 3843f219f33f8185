"""Suite folders: the scenarios that lie in a folder, in full or in the short form.

Files lie in the folder itself or in a folder inside it. What is neither form is a part that others
include, and no scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hormesis.compose.short_scenario import are_of_a_short_one, short_nodes, written_out
from hormesis.spec.document import Document
from hormesis.spec.kind_forms import Forms
from hormesis.spec.locate import locate_any
from hormesis.spec.node import Node, Problems
from hormesis.spec.top_keys import top_keys
from hormesis.words.trouble import InputTrouble, Place, Problem, UsageTrouble

SUITE_YAML = "suite.yaml"
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class Scenario:
    """One scenario: an experiment's file, or what was written out of a short form in it."""

    id: str
    file: Path
    written: Document | None = None

    @property
    def title(self) -> str:
        """Return the title; empty for a file that cannot be read."""
        return self._text("title")

    @property
    def description(self) -> str:
        """Return the description; empty when there is none."""
        return self._text("description")

    def _text(self, key: str) -> str:
        try:
            data = (self.written or locate_any(self.file)).data
        except InputTrouble:
            return ""
        return str(data.get(key) or "").strip() if isinstance(data, dict) else ""


@dataclass(frozen=True)
class ShortForm:
    """What short scenarios include; ``file`` is empty when a suite takes none."""

    suite: str
    file: str
    forms: Forms


def own_scenarios(folder: Path, short: ShortForm) -> dict[str, Scenario]:
    """Return the scenarios in a suite's own folder by id: the file's stem, or the short form's id.

    Problems are added to those of *short*'s forms.
    """
    found: dict[str, Scenario] = {}
    for path in _files(folder):
        if _is_in_full(path):
            _put(found, Scenario(path.stem, path), short.forms.problems)
            continue
        try:
            document = locate_any(path)
        except InputTrouble:
            # Broken: reading it as an experiment will say how.
            _put(found, Scenario(path.stem, path), short.forms.problems)
            continue
        nodes = short_nodes(document)
        if nodes is not None:
            for one in _written(path, nodes, short):
                _put(found, one, short.forms.problems)
        elif isinstance(document.data, dict) and "id" in document.data:
            _put(found, Scenario(path.stem, path), short.forms.problems)
    return found


def _is_in_full(path: Path) -> bool:
    """Return whether it can be seen without parsing that *path* is a scenario in full."""
    if path.suffix == ".json":
        return False
    try:
        keys = top_keys(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return False
    if keys is None or "scenarios" in keys or are_of_a_short_one(keys):
        return False
    return "id" in keys


def added_scenarios(
    folders: Sequence[Path], known: Mapping[str, Scenario], short: ShortForm
) -> dict[str, Scenario]:
    """Return the scenarios in folders of the user's own, by id.

    Raises:
        UsageTrouble: there is no such folder, or no scenario in it.
        InputTrouble: files there have problems; all of them are listed.
    """
    problems = Problems()
    short = replace(short, forms=replace(short.forms, problems=problems))
    found = dict(known)
    for folder in folders:
        if not folder.is_dir():
            there = "a file" if folder.exists() else "nothing there"
            raise UsageTrouble(f"--scenario-dir {folder}: expected a folder, found {there}")
        files = list(_files(folder))
        inside = [one for path in files for one in _scenarios_in(path, short)]
        if not inside and not problems:
            raise UsageTrouble(
                f"--scenario-dir {folder}: expected scenarios, found none in {len(files)}"
                f" file{'s' * (len(files) != 1)}",
                hint="a scenario has the key title, or is in the short form: id, name, toxic, "
                "attributes, duration_seconds, expected_behavior",
            )
        for one in inside:
            if one.id not in found or not one.file.samefile(found[one.id].file):
                _put(found, one, problems)
    problems.raise_if_any()
    return {name: one for name, one in found.items() if name not in known}


def _scenarios_in(path: Path, short: ShortForm) -> Iterator[Scenario]:
    try:
        document = locate_any(path)
    except InputTrouble as trouble:
        for problem in trouble.problems:
            short.forms.problems.put(problem)
        return
    nodes = short_nodes(document)
    if nodes is not None:
        yield from _written(path, nodes, short)
    elif isinstance(document.data, dict) and "title" in document.data:
        name = document.data.get("id")
        yield Scenario(name if isinstance(name, str) and name else path.stem, path)


def _written(path: Path, nodes: Iterator[Node], short: ShortForm) -> Iterator[Scenario]:
    for node in nodes:
        if not short.file:
            message = f"expected an experiment, because suite {short.suite!r} has no short_form"
            short.forms.problems.add(node, message)
            return
        made = written_out(node, short.file, short.forms)
        if made is not None:
            yield Scenario(made[0], path, made[1])


def _put(found: dict[str, Scenario], one: Scenario, problems: Problems) -> None:
    other = found.get(one.id)
    if other is None:
        found[one.id] = one
        return
    place = one.written.place(("id",)) if one.written else Place(str(one.file))
    message = f"expected an id of its own, found {one.id!r}, which {other.file} has as well"
    problems.put(Problem(message, place))


def _files(folder: Path) -> Iterator[Path]:
    """Yield what may be scenarios: the folder's own files, then those one level deeper."""
    yield from _files_at(folder)
    for inner in sorted(folder.iterdir()):
        hidden = inner.name.startswith((".", "_"))
        if inner.is_dir() and not hidden and not (inner / SUITE_YAML).is_file():
            yield from _files_at(inner)


def _files_at(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.suffix in _SUFFIXES and path.name != SUITE_YAML and path.is_file():
            yield path
