"""The proof table: each fault by each mechanism is run, measured, and reverted after each death."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from hormesis.compose.registry import catalogue
from hormesis.words.units import seconds_from
from tests.integration.runs.world import ROOT, SOURCES
from tests.proof.rows import ELSEWHERE, Row, every_row, further_rows

TABLE = ROOT / "docs" / "explanation" / "proof.md"
AT_ONCE = 2
SKIPPED = 69
HEAD = """# The proof table

Every fault by every mechanism, run on a real system: what was asked and seen, and how long it took
until everything was back, after the release and after a SIGKILL of the engine, of the custodian,
and of both (then by `hormesis revert`). *Held* is from the injection to the release, and by how
much that missed what was asked. Written by `make prove`; a cell that could not be filled on
the machine that wrote it says why.

| Fault | By | Asked | Seen | Error | Bite | Held | Gone after | Engine | Custodian | Both |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def drilled(row: Row, environment: Mapping[str, str], kills: int = 0) -> list[dict[str, Any]]:
    """Drill one row and return its rounds."""
    if str(row) in ELSEWHERE:
        return [not_run(skipped=ELSEWHERE[str(row)])]
    boot = "from hormesis.cli.main import main; main()"
    command = [sys.executable, "-c", boot, "drill", str(row.file), "--json", "--kills", str(kills)]
    done = subprocess.run(
        command, env={**environment, "PYTHONPATH": SOURCES}, capture_output=True, text=True,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    if done.returncode == SKIPPED and not done.stdout:
        return [not_run(skipped=" ".join(done.stderr.split()))]
    if not done.stdout:
        return [not_run(trouble=f"exit code {done.returncode}: {done.stderr}")]
    rounds: list[dict[str, Any]] = json.loads(done.stdout)
    return rounds


def not_run(*, skipped: str = "", trouble: str = "") -> dict[str, Any]:
    """Return what stands for the rounds of a row that was not run."""
    return {"victim": "none", "held": False, "left": [], "trouble": trouble, "faults": [],
            "skipped": skipped}  # fmt: skip


def troubles(row: Row, rounds: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with the rounds of *row*."""
    for one in rounds:
        told = [text for text in (*one["left"], one["trouble"]) if text]
        if not one["held"] and not one["skipped"]:
            told = told or ["the promise was not kept"]
        yield from (f"{row}, {one['victim']} killed: {text}" for text in told)


def all_troubles(
    rows: Sequence[Row], outcomes: Sequence[Sequence[Mapping[str, Any]]]
) -> list[str]:
    """Return what is wrong with any row."""
    both = zip(rows, outcomes, strict=True)
    return [text for row, rounds in both for text in troubles(row, rounds)]


def asked_for_s(row: Row) -> float:
    """Return how long the row's fault was asked to last, in seconds; 0 for a momentary one."""
    if not row.file.exists() or catalogue().faults[row.fault].momentary:
        return 0.0
    tracks = yaml.safe_load(row.file.read_text(encoding="utf-8"))["tracks"]
    asked = [one["for"] for one in tracks if one.get("fault") == row.fault]
    return seconds_from(asked[0]) if asked else 0.0


def line(row: Row, rounds: Sequence[Mapping[str, Any]], for_s: float = 0.0) -> str:
    """Return one line of the table; *for_s* is how long the fault was asked to last, in seconds."""
    clean = rounds[0]
    if clean["skipped"]:
        why = clean["skipped"].partition("(by ")[2].partition(")")[0] or clean["skipped"]
        return _cells([f"`{row.fault}`", row.mechanism, f"not run: {why}", *[""] * 8])
    if not clean["faults"] or len(rounds) < 4:
        return _cells([f"`{row.fault}`", row.mechanism, f"failed: {clean['trouble']}", *[""] * 8])
    fault = clean["faults"][0]
    asked, seen, unit = fault["asked_value"], fault["seen_value"], fault["unit"]
    measured = ["–", "–", "–"]
    if asked is not None and seen is not None:
        error = f"{(seen - asked) / asked:+.1%}" if asked else f"{seen - asked:+.3g}"
        measured = [f"{asked:.4g} {unit}", f"{seen:.4g} {unit}", error]
    gone = "–"
    if fault["healed"] is not None and fault["released"] is not None:
        gone = _ms(fault["healed"] - fault["released"])
    held = "–"
    if fault["released"] is not None and for_s:
        lasted = fault["released"] - fault["injected"]
        held = f"{_ms(lasted)} ({1000 * (lasted - for_s):+.0f})"
    deaths = [_ms(one["undone_s"]) if one["held"] else "**left**" for one in rounds[1:4]]
    return _cells([f"`{row.fault}`", row.mechanism, *measured, fault["proof"], held, gone, *deaths])


def _cells(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1000 * seconds:.0f} ms"


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_every_fault_bites_and_goes_away_whoever_dies(
    container_engine: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*every_row(), *further_rows()]
    environment = {**os.environ, **container_engine}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda row: drilled(row, environment), rows))
    lines = [
        line(row, rounds, asked_for_s(row)) for row, rounds in zip(rows, outcomes, strict=True)
    ]
    TABLE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    with capsys.disabled():
        sys.stdout.write(f"\n{len(rows)} rows, written to {TABLE.relative_to(ROOT)}\n")
    assert all_troubles(rows, outcomes) == []


@pytest.mark.prove
@pytest.mark.timeout(7200)
def test_kills_at_drawn_moments_over_the_whole_shelf_leave_nothing(
    container_engine: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    kills = int(os.environ.get("HORMESIS_PROVE_KILLS", "1000"))
    rows = [*every_row(), *further_rows()]
    environment = {**os.environ, **container_engine}
    each = -(-kills // len(rows))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda row: drilled(row, environment, each), rows))
    struck = [one for rounds in outcomes for one in rounds[1:]]
    bad = all_troubles(rows, outcomes)
    with capsys.disabled():
        held = sum(one["held"] for one in struck)
        sys.stdout.write(f"\n{held} of {len(struck)} killed runs left nothing\n")
    assert bad == []
    assert len(struck) >= kills * 0.9, "too many rows could not be run here"


def test_a_table_line_tells_what_was_seen(tmp_path: Path) -> None:
    fault = {"asked_value": 50.0, "seen_value": 51.0, "unit": "ms", "proof": "added 51 ms",
             "healed": 2.25, "released": 2.0, "injected": 0.49}  # fmt: skip
    clean = {"victim": "none", "held": True, "skipped": "", "faults": [fault], "trouble": ""}
    died = {"held": True, "undone_s": 0.021}
    told = line(Row("latency", "nfqueue"), [clean, died, died, {**died, "held": False}], 1.5)
    numbers = "| 1510 ms (+10) | 250 ms | 21 ms | 21 ms | **left** |"
    assert f"| 50 ms | 51 ms | +2.0% | added 51 ms {numbers}" in told
