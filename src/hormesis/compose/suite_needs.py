"""Suite needs: what the scenarios of a suite refer to and only a system can say.

It is gathered from the suite's own files and those of the system that they name, so that a target
file for another system can offer all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hormesis.compose.suite_folder import Scenario
from hormesis.spec.included import Included
from hormesis.spec.locate import locate
from hormesis.spec.node import Node, Problems
from hormesis.spec.template import Reference, parts_of
from hormesis.spec.variables import RESERVED

_ASKING = ("system", "skip")
"""Keys of an experiment in which a variable is passed on or asked after, not used."""
_NAMES = ("target", "service", "process")
_COMMENT = re.compile(r"(?:^|\s)#\s*(.*?)\s*$")
_FACTS = re.compile(r"_(sql|dsn|url|urls|path|paths|metric|metrics|token|key|header|body|at)$")


@dataclass(frozen=True)
class Need:
    """One thing of a system: what it is in the bundled one, who refers to it, and what it is for.

    ``node`` is where the bundled system, or the suite itself, says what it is.
    """

    name: str
    node: Node
    scenarios: tuple[str, ...] = ()
    purpose: str = ""


@dataclass
class SuiteNeeds:
    """Everything that a target file has to offer, by name.

    ``variables``, ``links``, ``volumes`` and ``targets`` are those of the bundled system that
    scenarios refer to. ``facts`` are variables of the suite itself that tell of the system.
    """

    scenarios: tuple[str, ...] = ()
    system: Node | None = None
    variables: dict[str, Need] = field(default_factory=dict)
    links: dict[str, Need] = field(default_factory=dict)
    volumes: dict[str, Need] = field(default_factory=dict)
    targets: dict[str, Need] = field(default_factory=dict)
    facts: dict[str, Need] = field(default_factory=dict)
    helping: dict[str, Need] = field(default_factory=dict)
    """Variables that tell of the system to what else is played on it than scenarios."""
    faults: dict[str, dict[str, None]] = field(default_factory=dict)
    """The faults that hit each target."""


@dataclass
class _Uses:
    """What one scenario refers to."""

    variables: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    volumes: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)

    def add_text(self, text: str) -> None:
        for name in references_in(text):
            head, _, rest = name.partition(".")
            if head == "link":
                self.links.add(rest.rpartition(".")[0])
            elif head == "volume":
                self.volumes.add(rest)
            elif head not in RESERVED:
                self.variables.add(name)


def needs_of(
    scenarios: Mapping[str, Scenario],
    systems: Mapping[str, Path],
    helpers: Mapping[str, Scenario] | None = None,
) -> SuiteNeeds:
    """Return what *scenarios*, by id, need of the installed *systems*.

    *helpers* are files of the suite that are no scenarios: what else is played on the system.

    Raises:
        InputTrouble: a file cannot be read at all.
    """
    needs = SuiteNeeds(scenarios=tuple(scenarios))
    uses: dict[str, _Uses] = {}
    declared: dict[str, tuple[Node, bool]] = {}
    for name, scenario in scenarios.items():
        tops = tops_of(scenario)
        uses[name] = _uses_of(tops)
        declared |= {one: at for one, at in _declared(tops).items() if one not in declared}
        needs.system = needs.system or _system_of(tops, systems)
        for track, target in _hits(tops):
            needs.faults.setdefault(target, {})[track] = None
    _fill(needs, uses, declared)
    if helpers:
        needs.helping = _helping(helpers)
    return needs


def used_variables(scenario: Scenario) -> set[str]:
    """Return the variables that *scenario* uses itself, not only to tell whether it can be run.

    The others are those that it passes on to the system it names, to attach it for example.

    Raises:
        InputTrouble: the file cannot be read at all.
    """
    return _uses_of(tops_of(scenario)).variables


def tops_of(scenario: Scenario) -> Sequence[Node]:
    """Return the top of every file of *scenario*: its own, and those that it includes."""
    return Included(Problems()).read(scenario.file, scenario.written).tops


def _helping(helpers: Mapping[str, Scenario]) -> dict[str, Need]:
    found: dict[str, Need] = {}
    for scenario in helpers.values():
        tops = tops_of(scenario)
        for name, (node, shared) in _declared(tops).items():
            if shared:
                found.setdefault(name, Need(name, node, (), comment_of(node)))
    return found


def _fill(
    needs: SuiteNeeds, uses: Mapping[str, _Uses], declared: Mapping[str, tuple[Node, bool]]
) -> None:
    for name, (node, shared) in declared.items():
        users = [one for one, used in uses.items() if name in used.variables]
        if users and (shared or _FACTS.search(name)):
            needs.facts[name] = Need(name, node, tuple(users), comment_of(node))
    if needs.system is None:
        return
    for scenario, used in uses.items():
        wanted = _closed(needs.system, used, set(declared))
        for section, names in wanted.items():
            found: dict[str, Need] = getattr(needs, section)
            for name in names:
                before = found[name].scenarios if name in found else ()
                node = _part(needs.system, _KEYS[section], name)
                found[name] = Need(name, node, (*before, scenario), comment_of(node))


_KEYS = {"variables": "vars", "links": "links", "volumes": "volumes", "targets": "targets"}


def _closed(system: Node, used: _Uses, declared: set[str]) -> dict[str, list[str]]:
    """Return what of *system* is used, with all that its own definitions refer to in turn."""
    has = {section: _names(system, key) for section, key in _KEYS.items()}
    wanted: dict[str, dict[str, None]] = {section: {} for section in _KEYS}
    targets = [one for one in has["targets"] if _means(system, one, used.named)]
    left = [("targets", one) for one in targets]
    left += [("links", one) for one in sorted(used.links)]
    left += [("volumes", one) for one in sorted(used.volumes)]
    left += [("variables", one) for one in sorted(used.variables - declared)]
    while left:
        section, name = left.pop(0)
        if name in wanted[section] or name not in has[section]:
            continue
        wanted[section][name] = None
        if section == "variables":
            continue  # A target file says its own value, whatever the bundled one is made from.
        inner = _Uses()
        for _, text in texts_in(_part(system, _KEYS[section], name).value):
            inner.add_text(text)
        left += [("variables", one) for one in sorted(inner.variables - declared)]
        left += [("links", one) for one in sorted(inner.links)]
        if section == "targets":
            left += _beneath(system, name, has)
    return {section: [one for one in has[section] if one in wanted[section]] for section in _KEYS}


def _beneath(
    system: Node, name: str, has: Mapping[str, Iterable[str]]
) -> Iterator[tuple[str, str]]:
    target = _part(system, "targets", name)
    for key, section in (("link", "links"), ("volume", "volumes")):
        if target.has(key):
            yield section, str(target.value[key])
    if target.has("children"):
        of = str(target.value["children"].get("of", ""))
        yield from (("targets", one) for one in has["targets"] if _means(system, one, {of}))


def _means(system: Node, target: str, named: set[str]) -> bool:
    """Return whether one of *named* is *target*, or the process that it is in the system."""
    node = _part(system, "targets", target)
    process = str(node.value.get("process", "")) if isinstance(node.value, dict) else ""
    return target in named or process in named


def _uses_of(tops: Iterable[Node]) -> _Uses:
    uses = _Uses()
    values = _values(tops)
    for top in tops:
        for key, node in top.items():
            if key in _ASKING:
                continue
            if key == "variants" and node.has("by"):
                uses.variables.add(str(node.value["by"]))
            for steps, text in texts_in(node.value):
                if steps[-1] == "unless":
                    continue
                uses.add_text(text)
                if steps[-1] in _NAMES or (steps[-1] == "of" and key == "checks"):
                    uses.named.update(_expanded(text, values))
    return uses


def _values(tops: Iterable[Node]) -> dict[str, list[str]]:
    """Return every text that a variable of the suite may have, by name: by itself, by a variant."""
    found: dict[str, list[str]] = {}
    for top in tops:
        variants = top.value["variants"] if top.has("variants") else {}
        choices = variants.get("of") if isinstance(variants, dict) else {}
        each = [top.value.get("vars"), *(choices.values() if isinstance(choices, dict) else ())]
        for one in each:
            for name, text in (one if isinstance(one, dict) else {}).items():
                if isinstance(text, str):
                    found.setdefault(name, []).append(text)
    return found


def _expanded(text: str, values: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Return what *text* may be, which is a name or one reference to a variable that holds one."""
    names = list(references_in(text))
    return values.get(names[0], [text]) if len(names) == 1 else [text]


def _hits(tops: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """Yield each fault with the target that it hits, whatever is chosen."""
    values = _values(tops)
    for top in tops:
        tracks = top.value.get("tracks")
        for track in tracks if isinstance(tracks, list) else ():
            if isinstance(track, dict) and "fault" in track:
                for target in _expanded(str(track.get("target", "")), values):
                    for fault in _expanded(str(track["fault"]), values):
                        yield fault, target


def _declared(tops: Iterable[Node]) -> dict[str, tuple[Node, bool]]:
    """Return the suite's own variables, and whether each stands beside the system's name."""
    found: dict[str, tuple[Node, bool]] = {}
    for top in tops:
        if top.has("vars") and isinstance(top.value["vars"], dict):
            shared = top.has("system")
            for name, node in top.under("vars").items():
                found.setdefault(name, (node, shared))
    return found


def _system_of(tops: Iterable[Node], systems: Mapping[str, Path]) -> Node | None:
    for top in tops:
        if not top.has("system") or not isinstance(top.value["system"], dict):
            continue
        section = top.under("system")
        path = systems.get(str(section.value.get("use", "")))
        if section.has("file"):
            path = Path(section.document.folder) / str(section.value["file"])
        if path is None:
            return section if not section.has("use") else None
        document = locate(path)
        return Node(document, document.data)
    return None


def _names(system: Node, key: str) -> list[str]:
    section = system.value.get(key) if isinstance(system.value, dict) else None
    return list(section) if isinstance(section, dict) else []


def _part(system: Node, key: str, name: str) -> Node:
    return system.under(key).under(name)


def texts_in(value: Any, steps: tuple[str, ...] = ("",)) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in *value* with the keys that lead to it, below an empty one."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from texts_in(one, (*steps, str(key)))
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one, steps)
    elif isinstance(value, str):
        yield steps, value


def references_in(text: str) -> Iterator[str]:
    """Yield the names of all references in *text*, those within defaults included."""
    try:
        parts = parts_of(text)
    except ValueError:
        return
    left: list[str | Reference] = [*parts]
    while left:
        part = left.pop(0)
        if isinstance(part, Reference):
            yield part.name
            left += part.default or ()


def comment_of(node: Node) -> str:
    """Return the comment behind the key of *node* in its file, or else the lines above it."""
    place = node.document.key_place(node.steps)
    try:
        lines = Path(place.file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    if not 0 < place.line <= len(lines):
        return ""
    own = _COMMENT.search(lines[place.line - 1])
    if own and lines[place.line - 1].lstrip()[:1] != "#":
        return own[1]
    above: list[str] = []
    for line in reversed(lines[: place.line - 1]):
        if not line.lstrip().startswith("#") or not line.startswith(" "):
            break
        above.insert(0, line.strip().lstrip("# "))
    return " ".join(above)
