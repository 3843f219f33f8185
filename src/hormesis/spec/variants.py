"""Variants: sets of variables, of which another variable's value chooses one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from hormesis.spec.definitions import definitions_in
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.document import Given, Origin
from hormesis.spec.frames import VariantsFrame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, Problems, found, mapping
from hormesis.spec.variables import Definition, Unresolved


@dataclass
class _Choice:
    """One choice by one variable, gathered from all files."""

    at: Node
    """Where the variable is named."""
    sets: dict[str, dict[str, Definition]] = field(default_factory=dict)

    @property
    def everywhere(self) -> set[str]:
        """Return the variables that are set whatever is chosen."""
        each = [set(one) for one in self.sets.values()]
        return set.intersection(*each) if each else set()


def chosen_definitions(
    sections: Iterable[Node],
    declared: Mapping[str, Definition],
    value_of: Callable[[str], str],
    origins_of: Callable[[str], tuple[Origin, ...]],
    forms: Forms,
) -> dict[str, Definition]:
    """Return what the variants of all files set, each chosen by the value of its variable.

    *declared* are the variables there are without them, *value_of* resolves one, *origins_of* tells
    which values that the user gave a text is made of. A variant may set declared variables, and
    others if every choice does. Of two files, the later one counts.
    """
    problems = forms.problems
    choices = _gathered(sections, forms)
    chosen: dict[str, Definition] = {}
    for by, choice in choices.items():
        known = {*declared, *(name for one in choices.values() for name in one.everywhere)}
        _check_declared(choice, known, problems)
        if by not in declared:
            hint = did_you_mean(by, declared, noun="declared variables")
            problems.add(choice.at, f"expected a declared variable, found {found(by)}", hint)
            continue
        try:
            value = value_of(by)
        except Unresolved:
            continue
        if value in choice.sets:
            chosen |= choice.sets[value]
            continue
        hint = did_you_mean(value, choice.sets, noun="choices")
        message = f"expected {by} to be one of {', '.join(choice.sets)}, found {found(value)}"
        at = _given_at(choice.at, origins_of(f"${{{by}}}"))
        problems.add(at, message, hint if hint.startswith("did you mean") else "")
    return chosen


def _given_at(node: Node, origins: tuple[Origin, ...]) -> Node:
    """Return *node*, the name of a variable, as if it were the value that was given to it."""
    given = {node.steps: Given(origins)} if origins else {}
    return replace(node, document=replace(node.document, given=given))


def _gathered(sections: Iterable[Node], forms: Forms) -> dict[str, _Choice]:
    choices: dict[str, _Choice] = {}
    for node in sections:
        frame = forms.frame(VariantsFrame, node)
        if frame is None:
            continue
        choice = choices.setdefault(frame.by, _Choice(node.under("by")))
        for name, variant in node.under("of").items():
            definitions = dict(definitions_in(variant, forms.problems))
            if mapping(variant, forms.problems) and frame.by in definitions:
                at = variant.under(frame.by)
                forms.problems.add(at, f"expected a variable other than {frame.by}", at_key=True)
            choice.sets.setdefault(name, {}).update(definitions)
    return choices


def _check_declared(choice: _Choice, known: set[str], problems: Problems) -> None:
    for value, definitions in choice.sets.items():
        for name, definition in definitions.items():
            if name in known or definition.node is None:
                continue
            others = [one for one in choice.sets if name not in choice.sets[one]]
            message = f"expected a declared variable, found {name}"
            hint = did_you_mean(name, known, noun="declared variables")
            if not hint.startswith("did you mean"):
                hint = f"declare it in vars, or set it in {', '.join(others)} as in {value}"
            problems.add(definition.node, message, hint, at_key=True)
