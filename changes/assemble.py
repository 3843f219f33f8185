"""Move the fragments of changes/ into CHANGELOG.md under a new version.

A fragment is ``<slug>.<sort>.md``, one change each, so that two changes never meet in one file.
Usage: ``python changes/assemble.py VERSION DATE``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CHANGELOG = FOLDER.parent / "CHANGELOG.md"
SORTS = ("added", "changed", "fixed", "removed")
MARK = "<!-- releases -->\n"


def problems_of(fragments: Mapping[str, str]) -> list[str]:
    """Return what is wrong with *fragments*: file name → text."""
    found = []
    for name, text in sorted(fragments.items()):
        parts = name.split(".")
        if len(parts) != 3 or parts[1] not in SORTS or parts[2] != "md":
            found.append(f"changes/{name}: name it <slug>.<{'|'.join(SORTS)}>.md")
        elif not text.strip():
            found.append(f"changes/{name}: say in a sentence what changed for the user")
        elif text.lstrip().startswith(("#", "-", "*")):
            found.append(f"changes/{name}: plain sentences; the list mark comes by itself")
    return found


def section_of(version: str, date: str, fragments: Mapping[str, str]) -> str:
    """Return the changelog section of one version."""
    lines = [f"## {version} ({date})", ""]
    for sort in SORTS:
        texts = [t for name, t in sorted(fragments.items()) if name.split(".")[1] == sort]
        if texts:
            lines += [f"### {sort.capitalize()}", ""]
            lines += ["- " + text.strip().replace("\n", "\n  ") for text in texts]
            lines += [""]
    return "\n".join([*lines, ""])


def fragments_in(folder: Path = FOLDER) -> dict[str, str]:
    """Return the fragments that wait for a release: file name → text."""
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*.md"))
        if path.name != "README.md"
    }


def main(arguments: list[str]) -> int:
    """Rewrite CHANGELOG.md and remove the fragments; return the exit code."""
    fragments = fragments_in()
    if len(arguments) != 2 or not all(arguments):
        sys.stderr.write("usage: assemble.py VERSION DATE\n")
        return 64
    if problems := problems_of(fragments) or ([] if fragments else ["changes/ has no fragment"]):
        sys.stderr.write("\n".join(problems) + "\n")
        return 65
    section = section_of(arguments[0], arguments[1], fragments)
    head, mark, tail = CHANGELOG.read_text(encoding="utf-8").partition(MARK)
    CHANGELOG.write_text(f"{head}{mark}\n{section}{tail.lstrip()}", encoding="utf-8")
    for name in fragments:
        (FOLDER / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
