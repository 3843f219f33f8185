"""Declared: the variables that an experiment has, whatever their values are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from hormesis.spec.definitions import definitions_in
from hormesis.spec.document import Document
from hormesis.spec.included import Included
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, Problems
from hormesis.spec.system import system_section
from hormesis.words.catalogue import Catalogue
from hormesis.words.trouble import InputTrouble


def declared_variables(
    path: Path,
    *,
    systems: Mapping[str, Path],
    system: Path | None = None,
    written: Document | None = None,
) -> set[str]:
    """Return the names of the variables of the experiment at *path*, and of its system.

    The arguments are those of :func:`hormesis.spec.experiment_file.read_experiment`. A file with
    problems gives what can be made out: reading it tells them.
    """
    problems = Problems()
    try:
        included = Included(problems).read(path, written)
        forms = Forms(Catalogue(), {}, problems)
        section = system_section(included.last("system"), systems, system, forms)
    except InputTrouble:
        return set()
    sections = [*included.each("vars"), section.part("vars"), section.set]
    sections += [one for node in included.each("variants") for one in _choices(node)]
    return {name for one in sections for name, _ in definitions_in(one, problems)}


def _choices(node: Node) -> Iterator[Node]:
    if node.has("of") and isinstance(node.value["of"], dict):
        for _, one in node.under("of").items():
            yield one
