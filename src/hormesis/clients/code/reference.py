"""References to a user's own code: ``path/to/file.py:Class`` or ``package.module:function``.

A file alone, ``path/to/file.py``, stands for all users that it defines.

A reference is checked without running the code it names, so that reading or planning an
experiment has no side effects; the code runs when the first virtual user is made.
"""

from __future__ import annotations

import ast
import difflib
from pathlib import Path
from types import FunctionType
from typing import Any

from hormesis.host.user_code import imported, source_of


def checked(reference: str, folder: Path) -> None:
    """Check *reference* as far as its source text tells.

    Raises:
        ValueError: its form is wrong, the file or module is not there or is no Python, or it
            defines no such class or function, or the class plainly has no ``iterate``.
    """
    where, name = parts_of(reference)
    source = source_of(where, folder)
    if source is None:
        return
    try:
        tree = ast.parse(source.read_bytes(), filename=str(source))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        raise ValueError(f"{where} is no Python, line {line}: {error.args[0]}") from error
    if name:
        _check_name(tree, where, name)
    else:
        _check_script(tree, where)


def loaded(reference: str, folder: Path) -> Any:
    """Import what *reference* names, and return the class or function; the module of a file alone.

    Raises:
        ValueError: it is not there, or the class has no ``iterate``; see :func:`checked`.
    """
    where, name = parts_of(reference)
    module = imported(where, folder)
    if not name:
        return module
    thing = getattr(module, name, None)
    if isinstance(thing, FunctionType):
        return thing
    if not isinstance(thing, type):
        raise ValueError(f"{where} defines no class {name}")
    if not callable(getattr(thing, "iterate", None)):
        raise ValueError(f"{reference} is no client: it has no method iterate")
    return thing


def parts_of(reference: str) -> tuple[str, str]:
    """Return the file or module of *reference*, and the name in it; empty for a file alone.

    Raises:
        ValueError: it names neither.
    """
    if reference.endswith(".py") and ":" not in reference:
        return reference, ""
    where, colon, name = reference.rpartition(":")
    if not colon or not where or not name.isidentifier():
        raise ValueError(
            f"expected path/to/file.py:Class or package.module:Class, found {reference!r}"
        )
    return where, name


def _check_name(tree: ast.Module, where: str, name: str) -> None:
    functions = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    if name in functions:
        return
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if name in classes:
        own = classes[name]
        methods = {
            node.name
            for node in own.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        if not own.bases and not own.decorator_list and "iterate" not in methods:
            raise ValueError(f"{where}:{name} is no client: it has no method iterate")
    elif name not in _bound_in(tree):
        close = difflib.get_close_matches(name, [*classes, *functions], 1)
        known = ", ".join(classes) or "none"
        hint = f"did you mean {close[0]}?" if close else f"its classes are: {known}"
        raise ValueError(f"{where} defines no class {name}; {hint}")


def _check_script(tree: ast.Module, where: str) -> None:
    """Refuse a file that plainly defines no user: no class with a base from elsewhere."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}

    def derives(node: ast.ClassDef, seen: frozenset[str]) -> bool:
        for base in node.bases:
            own = classes.get(base.id) if isinstance(base, ast.Name) else None
            if own is None or (own.name not in seen and derives(own, seen | {own.name})):
                return True
        return False

    decorated = any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list
        for node in tree.body
    )
    if not decorated and not any(derives(node, frozenset()) for node in classes.values()):
        names = ", ".join(f"{where}:{name}" for name in classes)
        hint = f"; did you mean one of {names}?" if names else ""
        raise ValueError(f"{where} defines no user{hint}")


def _bound_in(tree: ast.Module) -> set[str]:
    """Return names that top-level imports and assignments, conditional ones too, may bind."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(one.asname or one.name).partition(".")[0] for one in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.ClassDef):
            bound.add(node.name)
    return bound
