"""The README of the proving ground, with tables of all planted defects."""

from __future__ import annotations

import importlib
from pathlib import Path

from proving_ground.canaries import CANARIES, PARTS

README = "apps/proving_ground/README.md"
_MARK = "<!-- The tables are written by `make docs`. -->\n"
_TITLES = {
    "server": "Main server",
    "queen": "Queen",
    "worker": "Worker",
    "hive": "Hive",
    "leader": "Leader",
}


def readme_with_tables(root: Path) -> str:
    """Return the README below *root* with the tables as the code has them now.

    They are the end of it, behind a mark; all before that is written by hand.
    """
    text, mark, _ = (root / README).read_text(encoding="utf-8").partition(_MARK)
    tables = [_table("server", CANARIES)]
    for part in PARTS:
        own: dict[str, str] = importlib.import_module(f"proving_ground.{part}.canaries").CANARIES
        tables += [_table(part, own)] if own else []
    return text + mark + "\n" + "\n".join(tables)


def _table(part: str, canaries: dict[str, str]) -> str:
    rows = "".join(f"| `{name}` | {defect} |\n" for name, defect in canaries.items())
    return f"### {_TITLES[part]}\n\n| canary | defect |\n|---|---|\n{rows}"
