"""Tick shapes: classes of a user's own that say how many users there should be.

The protocol is that of Locust's ``LoadTestShape``: ``tick()`` returns ``(users, spawn_rate)``, or
None to end. ``get_run_time()`` and ``get_current_user_count()`` are answered by the load.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hormesis.host.user_code import imported, source_of

Tick = Callable[[float, int], tuple[int, float] | None]


def checked_shape(reference: str, folder: Path) -> str:
    """Check *reference* as far as its source text tells, and return it.

    Raises:
        ValueError: its form is wrong, the file or module is not there or is no Python, or it
            defines no such class.
    """
    where, name = _parts(reference)
    source = source_of(where, folder)
    if source is None:
        return reference
    try:
        tree = ast.parse(source.read_bytes(), filename=str(source))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise ValueError(f"{where} is no Python, line {line}: {error.args[0]}") from error
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    imports = [one for node in ast.walk(tree) if isinstance(node, ast.ImportFrom | ast.Import)
               for one in (alias.asname or alias.name for alias in node.names)]  # fmt: skip
    if name not in classes and name not in imports and "*" not in imports:
        close = difflib.get_close_matches(name, classes, 1)
        known = ", ".join(classes) or "none"
        hint = f"did you mean {close[0]}?" if close else f"its classes are: {known}"
        raise ValueError(f"{where} defines no class {name}; {hint}")
    return reference


def tick_of(reference: str, folder: Path, scale: float) -> Tick:
    """Return a function that asks a new shape; ``scale`` is how much longer time is than its own.

    Raises:
        ValueError: the class is not there, or has no ``tick``.
        Exception: whatever the user's code raises.
    """
    where, name = _parts(reference)
    made = getattr(imported(where, folder), name, None)
    if not isinstance(made, type):
        raise ValueError(f"{where} defines no class {name}")
    shape: Any = made()
    if not callable(getattr(shape, "tick", None)):
        raise ValueError(f"{reference} is no shape: it has no method tick")

    def tick(passed_s: float, users: int) -> tuple[int, float] | None:
        # The shape's own clock would not know of virtual time, nor of --time-scale.
        shape.get_run_time = lambda: passed_s / scale
        shape.get_current_user_count = lambda: users
        return _checked_answer(shape.tick(), reference, scale)

    return tick


def _checked_answer(answer: Any, reference: str, scale: float) -> tuple[int, float] | None:
    if answer is None:
        return None
    if not isinstance(answer, tuple | list) or len(answer) not in (2, 3):
        raise ValueError(f"expected (users, spawn_rate) or None of {reference}, found {answer!r}")
    if len(answer) == 3 and answer[2]:
        raise ValueError(
            f"{reference} chooses classes of users, found {answer!r}; make one load per class"
        )
    users, rate = answer[0], answer[1]
    if isinstance(users, bool) or not isinstance(users, int | float) or users < 0:
        raise ValueError(f"expected a number of users of {reference}, found {users!r}")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not rate > 0:
        raise ValueError(f"expected a spawn rate above 0 of {reference}, found {rate!r}")
    return round(users), rate / scale


def _parts(reference: str) -> tuple[str, str]:
    where, colon, name = reference.rpartition(":")
    if not colon or not where or not name.isidentifier():
        raise ValueError(
            f"expected path/to/file.py:Class or package.module:Class, found {reference!r}"
        )
    return where, name
