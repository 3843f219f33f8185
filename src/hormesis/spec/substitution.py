"""Substitution: a node in which every ``${…}`` is replaced by what it stands for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hormesis.spec.document import Given, Steps
from hormesis.spec.node import Node
from hormesis.spec.scalars import retyped, told
from hormesis.spec.template import Reference, parts_of
from hormesis.spec.variables import Unresolved, Variables


def substituted(
    node: Node, variables: Variables, *, index: int | None = None, as_texts: bool = False
) -> Node:
    """Return *node* with its references resolved; problems are added where they stand.

    A value that is one whole reference becomes the number or truth value that its text writes;
    the text is kept aside for whoever expects text. With *as_texts* every scalar becomes text,
    exactly as written.
    """
    walk = _Walk(node, variables, index, as_texts)
    value = walk.value(node.value, node.steps)
    document = replace(
        node.document,
        references={**node.document.references, **walk.references},
        broken=node.document.broken | walk.broken,
        given={**node.document.given, **walk.given},
    )
    return Node(document, value, node.steps)


class _Walk:
    def __init__(self, node: Node, variables: Variables, index: int | None, as_texts: bool) -> None:
        self._document = node.document
        self._variables = variables
        self._index = index
        self._as_texts = as_texts
        self.references: dict[Steps, str] = {}
        self.broken: frozenset[Steps] = frozenset()
        self.given: dict[Steps, Given] = {}

    def value(self, value: Any, steps: Steps) -> Any:
        if isinstance(value, dict):
            return {key: self.value(one, (*steps, key)) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, (*steps, n)) for n, one in enumerate(value)]
        if isinstance(value, str):
            return self._text(value, steps) if "${" in value else value
        if not self._as_texts:
            return value
        spot = self._document.values.get(steps)
        return "" if value is None else spot.raw if spot else told(value)

    def _text(self, text: str, steps: Steps) -> Any:
        node = Node(self._document, text, steps)
        try:
            whole = _one_reference(text)
            if whole is not None:
                with self._variables.structure(whole.name) as structure:
                    if structure is not None:
                        self._note(text, steps, whole=True)
                        return self._structure(structure, steps)
            resolved = self._variables.text(text, node, self._index)
        except Unresolved:
            self.broken |= {steps}
            return text
        self._note(text, steps, whole=whole is not None)
        if whole is None:
            return resolved
        self.references[steps] = resolved
        return resolved if self._as_texts else retyped(resolved)

    def _note(self, text: str, steps: Steps, *, whole: bool) -> None:
        if origins := self._variables.origins(text):
            self.given[steps] = Given(origins, "" if whole else text)

    def _structure(self, node: Node, steps: Steps) -> Any:
        """Resolve a variable's mapping or list where it is defined, and graft it in at *steps*."""
        inner = _Walk(node, self._variables, self._index, self._as_texts)
        value = inner.value(node.value, node.steps)
        depth = len(node.steps)
        self.references |= {(*steps, *way[depth:]): text for way, text in inner.references.items()}
        self.broken |= {(*steps, *way[depth:]) for way in inner.broken}
        self.given |= {(*steps, *way[depth:]): one for way, one in inner.given.items()}
        return value


def _one_reference(text: str) -> Reference | None:
    """Return the reference when *text* is one and nothing else."""
    try:
        parts = parts_of(text)
    except ValueError:
        return None
    only = parts[0] if len(parts) == 1 else None
    return only if isinstance(only, Reference) else None
