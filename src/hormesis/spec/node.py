"""Node: a value of a document that knows where it stands; and the collector of problems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hormesis.spec.document import Document, Given, Origin, Steps, path_text
from hormesis.spec.scalars import told
from hormesis.words.trouble import InputTrouble, Place, Problem

_SHOWN = 40
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document. ``Node(document)`` is the whole of it."""

    document: Document
    value: Any
    steps: Steps = ()

    @property
    def place(self) -> Place:
        """Return where the value stands."""
        return self.document.place(self.steps)

    @property
    def path(self) -> str:
        """Return the way to the value, as text."""
        return path_text(self.steps)

    def under(self, step: str | int) -> Node:
        """Return the value under a key or index that is there."""
        return Node(self.document, self.value[step], (*self.steps, step))

    def has(self, key: str) -> bool:
        """Return whether this is a mapping that holds *key*."""
        return isinstance(self.value, dict) and key in self.value

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield keys and values of a mapping."""
        for key in self.value:
            yield key, self.under(key)

    def elements(self) -> Iterator[Node]:
        """Yield the elements of a list."""
        for index in range(len(self.value)):
            yield self.under(index)


def found(value: Any) -> str:
    """Tell what *value* is, for ``expected …, found …``."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…")
    return told(value)


def keys_told(node: Node) -> str:
    """List the first keys of a mapping, for ``found only …``."""
    return ", ".join(list(node.value)[:6]) or "nothing"


class Problems:
    """Collects everything that is wrong, so that it can be told at once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, int, str, str], Problem] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, node: Node, message: str, hint: str = "", *, at_key: bool = False) -> None:
        """Add a problem of *node*, or of its key, unless its variables are already at fault."""
        steps, document = node.steps, node.document
        if any(steps[: len(broken)] == broken for broken in document.broken):
            return
        place = document.key_place(steps) if at_key else document.place(steps)
        problem = Problem(message, place, path_text(steps), hint)
        # The key of a value is of the file, whatever the value was made of.
        given, rest = document.given_at(steps[:-1] if at_key else steps)
        if given is None:
            self.put(problem)
        else:
            self._put_where_given(problem, given, (*rest, steps[-1]) if at_key else rest)

    def _put_where_given(self, problem: Problem, given: Given, rest: Steps) -> None:
        """Add a problem of a value that the user gave, at its own place, once for each value."""
        hints = [problem.hint] if problem.hint else []
        if len(given.origins) > 1:
            told = ", ".join(_told(one) for one in given.origins)
            self.put(replace(problem, hint="; ".join([*hints, f"it comes from {told}"])))
            return
        origin = given.origins[0]
        place, path = origin.place(rest), origin.path(rest)
        if given.template:
            hints.append(f"it is used as {found(given.template)}")
        moved = Problem(problem.message, place, path, "; ".join(hints))
        at = place or Place("")
        self._found.setdefault((at.file, at.line, at.column, path, ""), moved)

    def expected(self, node: Node, expected: str, hint: str = "") -> None:
        """Add that *node* should have been something else than it is."""
        self.add(node, f"expected {expected}, found {found(node.value)}", hint)

    def put(self, problem: Problem) -> None:
        """Add a problem as it is; the same one twice counts once."""
        place = problem.place or Place("")
        key = (place.file, place.line, place.column, problem.path, problem.message)
        self._found.setdefault(key, problem)

    def raise_if_any(self) -> None:
        """Raise everything found so far, in order of place, as one trouble.

        Raises:
            InputTrouble: there is at least one problem.
        """
        if self._found:
            raise InputTrouble([self._found[key] for key in sorted(self._found)]) from None


def _told(origin: Origin) -> str:
    place = origin.place()
    return f"{place} ({origin.path()})" if place else origin.path()


def named(node: Node, problems: Problems, *reserved: str) -> bool:
    """Return whether the key of *node* can name a thing; add a problem when it cannot."""
    name = str(node.steps[-1])
    if name in reserved:
        message = f"expected a name that is not reserved, found {name}"
    elif _NAME.fullmatch(name) is None:
        message = f"expected a name of letters, digits, _, . and -, found {found(name)}"
    else:
        return True
    problems.add(node, message, at_key=True)
    return False


def mapping(node: Node, problems: Problems, what: str = "a mapping") -> bool:
    """Return whether *node* is a mapping; add a problem when it is not."""
    if not isinstance(node.value, dict):
        problems.expected(node, what)
        return False
    return True


def listing(node: Node, problems: Problems) -> Iterator[Node]:
    """Yield the elements of *node*, which is a list or nothing; add a problem when it is not."""
    if isinstance(node.value, list):
        yield from node.elements()
    elif node.value is not None:
        problems.expected(node, "a list")
