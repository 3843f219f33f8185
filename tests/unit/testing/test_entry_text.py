"""What the entry says about itself agrees with what it has."""

from __future__ import annotations

import ast
from pathlib import Path

import _hormesis_pytest as entry


def _fixtures() -> set[str]:
    """Return the names of the functions that are decorated as fixtures."""
    names = set()
    for node in ast.parse(Path(entry.__file__).read_text("utf-8")).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        if any("pytest.fixture" in ast.unparse(one) for one in node.decorator_list):
            names.add(node.name.removeprefix("_"))
    return names


def test_a_test_is_ours_by_every_fixture_that_there_is() -> None:
    assert _fixtures() == entry.FIXTURES
