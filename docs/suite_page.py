"""The reference page of a bundled suite, from its files."""

from __future__ import annotations

from typing import Any

import yaml

from docs.kind_page import NOTE, cell_of
from hormesis.compose.suite import Suite, find_suite


def suite_page(name: str) -> str:
    """Return the Markdown page of the suite called *name*."""
    suite = find_suite(name)
    assert suite is not None, name
    about = suite.file
    lines = [NOTE, "", f"# Suite `{name}`: {about.title}", "", about.description.strip(), ""]
    lines += ["```console", f"hormesis run {name}", "```", "", "## Options", ""]
    lines += ["| option | environment | |", "|---|---|---|", *_options(suite), ""]
    lines += ["Besides these, all options of [`hormesis run`](../command-line.md) hold.", ""]
    lines += ["## Scenarios", ""]
    for scenario, path in suite.scenarios.items():
        data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        lines += [f"### {scenario}: {data['title']}", ""]
        if text := str(data.get("description", "")).strip():
            lines += [text, ""]
    return "\n".join(lines).rstrip() + "\n"


def _options(suite: Suite) -> list[str]:
    about = suite.file
    rows = []
    if about.select:
        choices = "\\|".join([*about.select.choices, "all"])
        rows.append(f"| `--{about.select.option} {choices}` | | {cell_of(about.select.help)} |")
    for option, meaning in about.options.items():
        variable = f"`{meaning.env}`" if meaning.env else ""
        rows.append(f"| `--{option} VALUE` | {variable} | {cell_of(meaning.help)} |")
    if about.results:
        rows.append(f"| `--{about.results.option}` | | {cell_of(about.results.help)} |")
    return rows
