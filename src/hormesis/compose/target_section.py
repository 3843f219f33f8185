"""A section of a target file as it is written, before anything is read into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hormesis.spec.locate import locate
from hormesis.spec.node import Node


def section_of(target: Path, name: str) -> Mapping[str, Node]:
    """Return the entries of the section *name* of the file *target*.

    It is empty where the file has none, or something else in its place: whoever reads the file as
    a whole says what is wrong with that.

    Raises:
        InputTrouble: the file cannot be read at all.
    """
    document = locate(target)
    top = Node(document, document.data)
    if not top.has(name) or not isinstance(top.value[name], dict):
        return {}
    return dict(top.under(name).items())
