"""Definitions: what a mapping of a file sets variables to."""

from __future__ import annotations

from collections.abc import Iterator

from hormesis.spec.node import Node, Problems, found, mapping
from hormesis.spec.scalars import told
from hormesis.spec.variables import RESERVED, Definition


def definitions_in(node: Node | None, problems: Problems) -> Iterator[tuple[str, Definition]]:
    """Yield each variable that the mapping *node* sets; names that cannot be are problems."""
    if node is None or not mapping(node, problems):
        return
    for name, value in node.items():
        if name.partition(".")[0] in RESERVED:
            message = f"expected a name that is not reserved, found {name}"
            problems.add(value, message, at_key=True)
        elif not name.replace("-", "_").isidentifier() or not name.isascii():
            message = f"expected a name of letters, digits, _ and -, found {found(name)}"
            problems.add(value, message, at_key=True)
        else:
            yield name, Definition(text_as_written(value), value)


def text_as_written(node: Node) -> str:
    """Return the scalar *node* as the file writes it; empty for a mapping, a list or nothing."""
    if node.value is None or isinstance(node.value, str | dict | list):
        return node.value if isinstance(node.value, str) else ""
    spot = node.document.values.get(node.steps)
    return spot.raw if spot else told(node.value)
