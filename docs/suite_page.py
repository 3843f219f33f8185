"""The reference page of a bundled suite, from its files."""

from __future__ import annotations

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
    for name_of_one, scenario in suite.scenarios.items():
        lines += [f"### {name_of_one}: {scenario.title}", ""]
        if scenario.description:
            lines += [scenario.description, ""]
    return "\n".join(lines).rstrip() + "\n"


def _options(suite: Suite) -> list[str]:
    about = suite.file
    rows = []
    for one in about.selections:
        choices = "\\|".join([*one.choices, "all"])
        rows.append(f"| `--{one.option} {choices}` | | {cell_of(one.help)} |")
    for option, meaning in about.every_option.items():
        variable = f"`{meaning.env}`" if meaning.env else ""
        value = "" if meaning.switch else f" {'|'.join(meaning.choices) or 'VALUE'}"
        shown = f"--{option}{value}".replace("|", "\\|")
        default = f" Default: {meaning.default}." if meaning.default else ""
        rows.append(f"| `{shown}` | {variable} | {cell_of(meaning.help)}{default} |")
    for name, chosen in about.sets.items():
        ids = ", ".join(chosen.scenarios) or "all scenarios"
        rows.append(f"| `--set {name}` | | {cell_of(chosen.help)} ({ids}) |")
    if about.results and about.results.option:
        rows.append(f"| `--{about.results.option}` | | {cell_of(about.results.help)} |")
    return rows
