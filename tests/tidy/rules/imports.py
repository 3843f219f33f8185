"""Which modules a Python file imports, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.tidy.rules.source import Source


@dataclass(frozen=True)
class Import:
    """One imported module. ``names`` are what ``from module import …`` takes from it."""

    module: str
    names: tuple[str, ...]
    line: int

    @property
    def root(self) -> str:
        """Return the top-level package."""
        return self.module.partition(".")[0]


def imports_of(source: Source, *, within: ast.AST | None = None) -> Iterator[Import]:
    """Yield the imports of a file, or of one node of it; relative ones are made absolute."""
    for node in (ast.walk(within) if within else source.nodes):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), node.lineno)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(source, node) if node.level else node.module or ""
            yield Import(module, tuple(alias.name for alias in node.names), node.lineno)


def targets_of(one: Import, modules: frozenset[str]) -> list[str]:
    """Return the project modules that an import names: submodules where it names those."""
    found = [f"{one.module}.{name}" for name in one.names if f"{one.module}.{name}" in modules]
    # `from package import thing` also runs the package itself.
    if len(found) < max(len(one.names), 1):
        found.append(one.module)
    return found


def bound_names(source: Source) -> dict[str, str]:
    """Return what each imported local name stands for: ``{"now": "time.monotonic"}``."""
    bound: dict[str, str] = {}
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return bound


def dotted_name(node: ast.AST, bound: dict[str, str]) -> str:
    """Return the full name of ``a.b.c`` with its first part resolved; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in bound:
        return ""
    return ".".join([bound[node.id], *reversed(parts)])


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    package = source.module.split(".")
    if not source.is_package:
        package.pop()
    kept = package[: len(package) - (node.level - 1)]
    return ".".join([*kept, *([node.module] if node.module else [])])
