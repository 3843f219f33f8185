"""Write docs/reference from the code: one page per kind, the verbs, the exit codes.

``make docs`` runs it; tests/tidy fails while a page is missing or out of date.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.canary_tables import README, readme_with_tables
from docs.catalogue_page import catalogue_page
from docs.command_line_page import command_line_page
from docs.kind_page import NOTE, kind_page, markdown_of
from docs.pytest_page import pytest_page
from docs.suite_page import suite_page
from hormesis.compose.registry import SHELVES, catalogue
from hormesis.compose.suite import suite_names
from hormesis.words.kind import Kind
from hormesis.words.outcome import ExitCode

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = "docs/reference"
BY_HAND = {f"{REFERENCE}/experiment-file.md"}
"""Pages of the reference that people write."""
CATALOGUE = "docs/explanation/catalogue.md"
"""A page that is generated although it is no reference: what was measured."""


def pages() -> dict[str, str]:
    """Return every generated page: path from the repository's root → text."""
    written = {
        f"{REFERENCE}/index.md": _index(),
        f"{REFERENCE}/exit-codes.md": _exit_codes(),
        f"{REFERENCE}/verbs.md": _verbs(),
        f"{REFERENCE}/command-line.md": command_line_page(),
        f"{REFERENCE}/pytest.md": pytest_page(),
        CATALOGUE: catalogue_page(),
        README: readme_with_tables(ROOT),
    }
    for name in suite_names():
        written[f"{REFERENCE}/suites/{name}.md"] = suite_page(name)
    for shelf in SHELVES:
        for name, kind in _own_kinds(shelf):
            written[f"{REFERENCE}/{shelf}/{name}.md"] = kind_page(shelf, kind)
    return written


def committed() -> dict[str, str]:
    """Return the generated pages that stand there now; those written by hand are left out."""
    paths = [*(ROOT / REFERENCE).rglob("*.md"), *ROOT.glob(CATALOGUE), ROOT / README]
    found = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths
    }
    return {path: text for path, text in found.items() if path not in BY_HAND}


def main() -> None:
    """Write all pages, and remove those of kinds that are gone."""
    wanted = pages()
    for path in committed().keys() - wanted.keys():
        (ROOT / path).unlink()
    for path, text in wanted.items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} pages in {REFERENCE}\n")


def _own_kinds(shelf: str) -> Iterator[tuple[str, type[Kind]]]:
    for name, kind in catalogue().shelf(shelf).items():
        if kind.__module__.startswith("hormesis."):
            yield name, kind


def _index() -> str:
    lines = [NOTE, "", "# Reference", ""]
    lines += ["- [The command line](command-line.md)"]
    lines += ["- [The experiment file](experiment-file.md)"]
    lines += ["- [The pytest plugin](pytest.md)"]
    lines += ["- [Exit codes](exit-codes.md)", "- [Verbs](verbs.md)", ""]
    lines += ["## Suites", ""]
    lines += [f"- [`{name}`](suites/{name}.md)" for name in suite_names()]
    lines += ["- [What each scenario passes, catches and takes](../explanation/catalogue.md)"]
    lines += [""]
    for shelf in SHELVES:
        kinds = list(_own_kinds(shelf))
        lines += [f"## {shelf.capitalize()}", ""]
        lines += [f"- [`{name}`]({shelf}/{name}.md): {_first_sentence(kind)}"
                  for name, kind in kinds]  # fmt: skip
        lines += [""] if kinds else []
    return "\n".join(lines).rstrip() + "\n"


def _exit_codes() -> str:
    lines = [NOTE, "", "# Exit codes", "", "Every command uses this one table.", ""]
    lines += ["| code | name | meaning |", "|---|---|---|"]
    lines += [f"| {code.value} | {code.name.lower().replace('_', ' ')} | {code.meaning} |"
              for code in ExitCode]  # fmt: skip
    return "\n".join([*lines, ""])


def _verbs() -> str:
    lines = [
        NOTE, "", "# Verbs", "",
        "The closed list of things that the custodian can do to a host. Each is undone by the",
        "custodian itself; a fault is only a choice of verbs.", "",
    ]  # fmt: skip
    for path in sorted((ROOT / "src/hormesis/host/verbs").glob("[!_]*.py")):
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        text = markdown_of(doc).removeprefix(f"`{path.stem}`:").strip()
        lines += [f"## `{path.stem.replace('_', '-')}`", "", text[:1].upper() + text[1:], ""]
    return "\n".join(lines)


def _first_sentence(kind: type[Kind]) -> str:
    return markdown_of((inspect.getdoc(kind) or "").partition("\n\n")[0]).replace("\n", " ")


if __name__ == "__main__":
    main()
