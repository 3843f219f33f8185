"""The rows of the crash matrix: one module for each verb, and its file stem is the verb.

A row says what is asked for (``args``), how it shows (``bites``), and what is left of it (``left``;
empty is right). It may say why this machine cannot play it (``missing``), and set its stage up
before the run (``prepare``) and clear it after it (``clean``).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from tests.crash.case import Case


class Row(Protocol):
    """What every row has; ``missing``, ``prepare`` and ``clean`` may be left out."""

    def args(self, case: Case) -> dict[str, Any]: ...

    def bites(self, case: Case) -> bool: ...

    def left(self, case: Case) -> list[str]: ...


def row_of(verb: str) -> Row:
    """Return the row of *verb*."""
    return cast(Row, importlib.import_module(f"tests.crash.rows.{verb}"))


def missing(verb: str) -> str:
    """Return why this machine cannot play the row of *verb*; an empty text when it can."""
    return str(getattr(row_of(verb), "missing", str)())
