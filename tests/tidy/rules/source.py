"""What the rules look at: one file of the repository, and what a rule says about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("src", "apps", "tests", "docs", "examples", "bench", "changes", ".ci")
TEXT_SUFFIXES = (
    ".py", ".pyi", ".md", ".toml", ".yaml", ".yml", ".json", ".js", ".css", ".html", ".svg",
    ".txt", ".lock", ".sh", ".cfg", ".sql",
)  # fmt: skip
LEFT_BEHIND = ("__pycache__", ".hypothesis", ".pytest_cache", "hormesis-runs")
"""Folders that running something here leaves."""


@dataclass(frozen=True, order=True)
class Problem:
    """One breach of a rule; the message names what to do instead."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Source:
    """A file: its path from the repository's root, and its text."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """Return the lines, without their ends."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree of a Python file."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Return every node of the tree; most rules look at each."""
        return list(ast.walk(self.tree))

    @property
    def is_python(self) -> bool:
        """Return whether the file is Python source."""
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        """Return whether the file belongs to the tests."""
        return self.path.startswith("tests/")

    @property
    def module(self) -> str:
        """Return the dotted module name; empty outside the two distributions."""
        for root in ("src/", "apps/proving_ground/src/"):
            if self.path.startswith(root) and self.is_python:
                dotted = self.path.removeprefix(root).removesuffix(".py").replace("/", ".")
                return dotted.removesuffix(".__init__")
        return ""

    @property
    def is_package(self) -> bool:
        """Return whether the file is a package's ``__init__``."""
        return self.path.endswith("/__init__.py")

    def problem(self, line: int | ast.AST, message: str) -> Problem:
        """Return a problem at a line or at a syntax node of this file."""
        at = line if isinstance(line, int) else int(getattr(line, "lineno", 0))
        return Problem(self.path, at, message)


def repository(root: Path = ROOT) -> Iterator[Source]:
    """Yield every text file that belongs to the project; what tools leave behind is not."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            left_behind = any(p in LEFT_BEHIND or p.endswith(".egg-info") for p in parts)
            if path.is_file() and _is_text(path) and not left_behind:
                yield _read(root, path)
    for path in sorted(root.iterdir()):
        if path.is_file() and (_is_text(path) or path.name in ("Makefile", "LICENSE")):
            yield _read(root, path)


def _is_text(path: Path) -> bool:
    return path.suffix in TEXT_SUFFIXES or path.parent.name == ".ci"


def _read(root: Path, path: Path) -> Source:
    text = path.read_text(encoding="utf-8", errors="replace")
    return Source(path.relative_to(root).as_posix(), text)
