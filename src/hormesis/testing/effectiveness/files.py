"""The report's files: the page, the figures as JSON, and the trend as CSV."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from hormesis.testing.effectiveness.figures import Figures, Point, by_category
from hormesis.testing.effectiveness.page import TITLE, page_of

SIGN = "bugs_per_100_tests"
"""What every JSON file of a report has near its beginning."""
CSV_HEAD = ",".join(field.name for field in fields(Point))
_LETTERS_READ = 4096


def write_files(page: Path, found: Figures) -> list[str]:
    """Write all three beside each other and return a line about where; raises OSError."""
    page.parent.mkdir(parents=True, exist_ok=True)
    texts = (page_of(found), as_json(found), as_csv(found))
    for file, text in zip(_all_of(page), texts, strict=True):
        _write(file, text)
    return [f"{'report':<14} {page}, figures as .json and .csv beside it"]


def foreign_files(page: Path) -> list[Path]:
    """Return those of the report's three files that are there, and that no report has written."""
    signs = (f"<title>{TITLE}", f'"{SIGN}"', CSV_HEAD)
    return [
        file for file, sign in zip(_all_of(page), signs, strict=True) if not _may_write(file, sign)
    ]


def _all_of(page: Path) -> tuple[Path, Path, Path]:
    return page, page.with_suffix(".json"), page.with_suffix(".csv")


def _may_write(file: Path, sign: str) -> bool:
    try:
        with file.open(encoding="utf-8", errors="replace") as text:
            return sign in text.read(_LETTERS_READ)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def as_json(found: Figures) -> str:
    """Return all figures; one without evidence is null."""
    detection, stability, shrinking = found.detection, found.stability, found.shrinking
    told: dict[str, Any] = {
        "runs": found.runs,
        "executions": found.executions,
        SIGN: detection.per_100,
        "tests": detection.tests,
        "bugs_new": detection.new,
        "bugs": [
            {
                "test": bug.sighting.test,
                "error": bug.sighting.error,
                "place": bug.sighting.place,
                "message": bug.sighting.message,
                "expected": bug.sighting.expected,
                "new": bug.is_new,
                "times": bug.times,
            }
            for bug in detection.bugs
        ],
        "failure_modes_covered_share": found.coverage.share(),
        "failure_modes": [
            {
                "category": mode.category,
                "name": mode.name,
                "covered": bool(evidence),
                "tests": sorted({one.test for one in evidence}),
                "proof": evidence[-1].proof if evidence else None,
            }
            for mode, evidence in found.coverage.by_mode.items()
        ],
        "failure_modes_by_category": {
            name: {"covered": part, "of": whole}
            for name, (part, whole) in by_category(found.coverage).items()
        },
        "shown_nothing": list(found.shown_nothing),
        "unlisted": list(found.coverage.unlisted),
        "stable_share": stability.share,
        "stable_measured": stability.measured,
        "stable_unknown": stability.once,
        "unstable": [asdict(one) for one in stability.unstable],
        "run_s": found.pace.run_s,
        "run_s_median": found.pace.median_run_s,
        "chaos_tests_s": found.pace.tests_s,
        "shrink_steps_tried_mean": shrinking.tried_mean,
        "shrink_steps_successful_mean": shrinking.good_mean,
        "properties_shrunk": shrinking.shrunk,
        "examples": shrinking.examples,
        "trend": [asdict(point) for point in found.trend],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def as_csv(found: Figures) -> str:
    """Return the trend, one line for each run; a figure without evidence is empty."""
    told = io.StringIO()
    columns = [field.name for field in fields(Point)]
    writer = csv.DictWriter(told, columns, lineterminator="\n")
    writer.writeheader()
    for point in found.trend:
        writer.writerow(asdict(point))
    return told.getvalue()


def _write(file: Path, text: str) -> None:
    """Write whole or not at all, for two runs may end at the same time."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8", errors="replace")
    os.replace(part, file)
