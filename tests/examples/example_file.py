"""One example: its head tells how it is run and what it must end with."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples"


@dataclass(frozen=True)
class Example:
    """A file, and what its head says."""

    path: Path
    expect: int | None
    idea: str
    beside: str = ""
    """A command that runs meanwhile; ``{python}`` and ``{port}`` are filled in."""
    set: tuple[str, ...] = ()
    """Variables that its test sets, as ``NAME=VALUE``."""
    needs: tuple[str, ...] = ()
    """The means that it needs of the machine (``hormesis doctor``); without them it is skipped."""

    def as_shown(self) -> Example:
        """Return it without what only a short test sets."""
        return replace(self, set=())

    @property
    def name(self) -> str:
        return self.path.relative_to(FOLDER).as_posix()


def read(path: Path) -> Example:
    """Read the head: the comment at the top, or a JSON file's description."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        head = str(json.loads(text).get("description", ""))
    else:
        lines = text.split("\n")
        end = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
        head = "\n".join(line.removeprefix("#") for line in lines[:end])
    expect = re.search(r"expect: +exit (\d+)", head)
    return Example(
        path,
        expect=int(expect[1]) if expect else None,
        idea=_field(head, "The idea"),
        beside=_field(head, "beside"),
        set=tuple(_field(head, "tests set").split()),
        needs=tuple(_field(head, "needs").partition("(")[0].replace(",", " ").split()),
    )


def examples(folder: Path = FOLDER) -> list[Example]:
    """Return every file that somebody would run: experiments, and Python with a head."""
    found = []
    for path in sorted(folder.glob("*")):
        script = path.suffix == ".py" and path.read_text("utf-8").startswith("# The idea")
        if script or path.suffix in (".yaml", ".yml", ".json"):
            found.append(read(path))
    return found


def _field(head: str, name: str) -> str:
    match = re.search(rf"^ *{name}: *(.*)$", head, re.MULTILINE)
    return match[1].strip() if match else ""
