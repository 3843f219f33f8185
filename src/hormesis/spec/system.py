"""System: the section of an experiment that says what runs, wherever it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hormesis.spec.address import Address
from hormesis.spec.bindings import Bindings
from hormesis.spec.definitions import definitions_in
from hormesis.spec.did_you_mean import did_you_mean, nearest
from hormesis.spec.document import Document
from hormesis.spec.frames import SystemUseFrame
from hormesis.spec.included import Included
from hormesis.spec.kind_forms import Forms
from hormesis.spec.known_keys import with_known_keys
from hormesis.spec.locate import locate
from hormesis.spec.node import Node, Problems, found, listing, mapping
from hormesis.spec.variables import Definition, Variables
from hormesis.spec.variants import chosen_definitions
from hormesis.words.trouble import InputTrouble, Problem

SYSTEM_KEYS = (
    "title", "description", "vars", "overrides", "ports", "processes", "links", "volumes",
    "targets",
)  # fmt: skip
_USE_KEYS = ("use", "file", "set")


@dataclass(frozen=True)
class SystemSection:
    """Where a system is described, and the values that the experiment sets for its variables.

    ``instead``: it replaces the one that the experiment names, whose variables it need not have.
    """

    node: Node | None
    set: Node | None = None
    instead: bool = False

    def part(self, key: str) -> Node | None:
        """Return the value of one of the system's keys, or None when it is left out."""
        if self.node is None or not self.node.has(key) or self.node.value[key] is None:
            return None
        return self.node.under(key)


def system_section(
    node: Node | None, systems: Mapping[str, Path], instead: Path | None, forms: Forms
) -> SystemSection:
    """Find the system that the section *node* names; its own file is read when it has one.

    *instead* is a system file that replaces the one that the experiment names.

    Raises:
        InputTrouble: a system file cannot be read, so that nothing more can be said.
    """
    problems = forms.problems
    if instead is not None:
        values = node.under("set") if node is not None and node.has("set") else None
        return SystemSection(_top(locate(instead), problems), values, instead=True)
    if node is None:
        return SystemSection(None)
    what = "a mapping with use, file, or the system itself"
    if isinstance(node.value, str):
        problems.expected(node, what, f"write system: {{use: {node.value}}}")
        return SystemSection(None)
    if not mapping(node, problems, what):
        return SystemSection(None)
    if _is_itself(node):
        return SystemSection(with_known_keys(node, SYSTEM_KEYS, problems, elsewhere=_USE_KEYS))
    node = with_known_keys(node, _USE_KEYS, problems)
    frame = forms.frame(SystemUseFrame, node)
    values = node.under("set") if node.has("set") else None
    if frame is None:
        return SystemSection(None, values)
    if (frame.use is None) == (frame.file is None):
        told = "both" if frame.use else "neither"
        problems.add(node, f"expected exactly one of use and file, found {told}")
        return SystemSection(None, values)
    path = _path_of(frame, node, systems, problems)
    if path is None:
        return SystemSection(None, values)
    return SystemSection(_top(_located(path, node, problems), problems), values)


def _is_itself(node: Node) -> bool:
    """Return whether the section describes a system, and does not name one."""
    if any(map(node.has, _USE_KEYS)):
        return False
    keys = [str(key) for key in node.value]
    near_use = any(nearest(key, _USE_KEYS) for key in keys)
    return not near_use or any(nearest(key, SYSTEM_KEYS) for key in keys)


def _top(document: Document, problems: Problems) -> Node:
    return with_known_keys(Node(document, document.data), SYSTEM_KEYS, problems)


def _path_of(
    frame: SystemUseFrame, node: Node, systems: Mapping[str, Path], problems: Problems
) -> Path | None:
    if frame.file is not None:
        if "${" in frame.file:
            problems.expected(node.under("file"), "a path without variables")
            return None
        return Path(node.document.folder) / frame.file
    name = frame.use or ""
    if name not in systems:
        hint = did_you_mean(name, systems, noun="installed systems")
        if name == "proving-ground":
            hint = "pip install 'hormesis[demo]'"
        message = f"expected an installed system, found {found(name)}"
        problems.add(node.under("use"), message, hint)
        # Whatever refers to its targets, links and variables would only be told as wrong, too.
        problems.raise_if_any()
    return systems[name]


def _located(path: Path, node: Node, problems: Problems) -> Document:
    try:
        return locate(path)
    except InputTrouble as trouble:
        for problem in trouble.problems:
            place = problem.place
            if place is not None and not place.line:
                message = f"{problem.message} ({place.file})"
                key = "file" if node.has("file") else "use"
                problems.add(node.under(key), message, problem.hint)
            else:
                problems.put(problem)
        problems.raise_if_any()
        raise


def variables_of(
    included: Included,
    section: SystemSection,
    bindings: Bindings,
    overrides: Mapping[str, str],
    environment: Mapping[str, str],
    forms: Forms,
) -> Variables:
    """Gather the variables of the system, the experiment and the command line in one name space.

    The command line goes before the system's ``overrides`` of declared variables, these before the
    ``variants`` that are chosen, then come ``vars``, ``system.set``, and the system's own ``vars``.
    """
    problems = forms.problems
    declared = dict(definitions_in(section.part("vars"), problems))
    for name, definition in definitions_in(section.set, problems):
        if name not in declared and section.instead:
            continue
        if name not in declared and definition.node is not None and section.node is not None:
            hint = did_you_mean(name, declared, noun="variables of the system")
            message = f"expected a variable of the system, found {name}"
            problems.add(definition.node, message, hint, at_key=True)
        declared[name] = definition
    for own in included.each("vars"):
        declared.update(definitions_in(own, problems))
    given = {name: Definition(text) for name, text in overrides.items()}
    differing = {
        name: replace(one, instead=True)
        for name, one in definitions_in(section.part("overrides"), problems)
    }
    plain = {**declared, **_known(differing, declared), **given}
    links = _upstreams(section.part("links"), problems)
    first = Variables(
        definitions=plain,
        upstreams=links,
        volumes=_volumes(section.part("volumes"), bindings),
        ports=_ports(section.part("ports"), bindings, problems),
        listens={name: Address("127.0.0.1", bindings.port_of(f"link.{name}")) for name in links},
        bindings=bindings,
        environment=environment,
        problems=problems,
    )
    # What was chosen may change the text of every variable, so nothing known so far is kept.
    declared |= chosen_definitions(
        included.each("variants"), plain, first.variable, first.origins, forms
    )
    declared |= _known(differing, declared)
    for name in given:
        if name not in declared:
            hint = did_you_mean(name, declared, noun="declared variables")
            message = f"--set {name}: expected a declared variable, found {name}"
            problems.put(Problem(message, hint=hint))
    return replace(first, definitions={**declared, **given}, _known={}, _asked=[], _origins={})


def _known(
    overrides: Mapping[str, Definition], declared: Mapping[str, Definition]
) -> dict[str, Definition]:
    """Return the overrides that mean something here: a system file serves many experiments."""
    return {name: one for name, one in overrides.items() if name in declared}


def _ports(node: Node | None, bindings: Bindings, problems: Problems) -> dict[str, int]:
    ports: dict[str, int] = {}
    for one in listing(node, problems) if node is not None else ():
        if not isinstance(one.value, str) or not one.value:
            problems.expected(one, "the name of a port")
        elif one.value in ports:
            problems.add(one, f"expected each port once, found {one.value!r} again")
        else:
            ports[one.value] = bindings.port_of(one.value)
    return ports


def _volumes(node: Node | None, bindings: Bindings) -> dict[str, str]:
    """Return the path of every volume."""
    names = node.value if node is not None and isinstance(node.value, dict) else {}
    return {name: f"{bindings.scratch}/volumes/{name}" for name in names}


def _upstreams(node: Node | None, problems: Problems) -> dict[str, Definition]:
    if node is None or not mapping(node, problems):
        return {}
    upstreams: dict[str, Definition] = {}
    for name, link in node.items():
        upstream = link.value.get("upstream") if isinstance(link.value, dict) else None
        text = upstream if isinstance(upstream, str) else ""
        upstreams[name] = Definition(text, link.under("upstream") if upstream else link)
    return upstreams
