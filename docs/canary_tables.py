"""The README of the proving ground, with tables of all planted defects."""

from __future__ import annotations

from pathlib import Path

from proving_ground.broker.canaries import CANARIES as BROKER
from proving_ground.canaries import CANARIES as SERVER
from proving_ground.canaries import every_canary
from proving_ground.hive.canaries import CANARIES as HIVE
from proving_ground.leader.canaries import CANARIES as LEADER
from proving_ground.queen.canaries import CANARIES as QUEEN
from proving_ground.worker.canaries import CANARIES as WORKER

README = "apps/proving_ground/README.md"
_MARK = "<!-- The tables are written by `make docs`. -->\n"
_PARTS = {
    "Main server": SERVER,
    "Queen": QUEEN,
    "Worker": WORKER,
    "Hive": HIVE,
    "Leader": LEADER,
    "Broker": BROKER,
}


def readme_with_tables(root: Path) -> str:
    """Return the README below *root* with the tables as the code has them now.

    They are the end of it, behind a mark; all before that is written by hand. Raises
    ``LookupError`` for a defect that is in none of the parts told here.
    """
    told = {name for canaries in _PARTS.values() for name in canaries}
    if told != every_canary().keys():
        raise LookupError(f"in no table: {', '.join(every_canary().keys() - told)}")
    text, mark, _ = (root / README).read_text(encoding="utf-8").partition(_MARK)
    tables = [_table(title, canaries) for title, canaries in _PARTS.items() if canaries]
    return text + mark + "\n" + "\n".join(tables)


def _table(title: str, canaries: dict[str, str]) -> str:
    rows = "".join(f"| `{name}` | {defect} |\n" for name, defect in canaries.items())
    return f"### {title}\n\n| canary | defect |\n|---|---|\n{rows}"
