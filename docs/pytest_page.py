"""The reference page of the pytest plugin, from the entry's own text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import _hormesis_pytest as entry
from docs.kind_page import NOTE, markdown_of


def pytest_page() -> str:
    """Return the page: fixtures, markers, options and settings."""
    lines = [NOTE, "", "# The pytest plugin", "", "How to use it: [Chaos tests in pytest]"
             "(../how-to/pytest.md).", "", "## Fixtures", ""]  # fmt: skip
    lines += ["| fixture | gives |", "|---|---|"]
    lines += [f"| `{name}` | {told} |" for name, told in sorted(_fixtures())]
    lines += ["", "## Markers", "", "| marker | says |", "|---|---|"]
    lines += [f"| `{name}` | {told} |" for name, told in entry.MARKERS]
    lines += ["", "## Options", "", "Each is a setting too: `chaos_pool_size = 5` in an ini file."]
    lines += ["", "| option | does |", "|---|---|"]
    lines += [
        f"| `--chaos-{name} {metavar}` | {told} |".replace(f"{metavar}`", _escaped(metavar) + "`")
        for name, metavar, told in entry.OPTIONS
    ]
    lines += ["", "Only on the command line:", "", "| option | does |", "|---|---|"]
    lines += [f"| `{name}` | {told} |" for name, told in entry.SWITCHES]
    lines += ["", "Only in an ini file:", "", "| setting | does |", "|---|---|"]
    lines += [f"| `chaos_template` | {entry.TEMPLATE} |", ""]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _fixtures() -> Iterator[tuple[str, str]]:
    """Yield the name and the first sentence of each fixture."""
    for node in ast.parse(Path(entry.__file__).read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        name = node.name.removeprefix("_")
        if name in entry.FIXTURES:
            yield name, markdown_of((ast.get_docstring(node) or "").partition("\n\n")[0])
