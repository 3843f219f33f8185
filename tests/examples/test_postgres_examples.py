"""The lessons of examples/postgres pass, quickly enough, and each planted defect fails its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.tidy.rules.source import ROOT

FOLDER = ROOT / "examples" / "postgres"
SMOKE = "chaos and not slow and not destructive"
SMOKE_S, FULL_S = 60, 600
CATEGORIES = {
    "property": ("property_based_core", "property_based_migrations", "property_based_data"),
    "concurrent": (
        "concurrent_commits", "concurrent_versioning", "concurrent_branching",
        "deadlock_scenarios", "serialization_failures",
    ),
    "transaction": (
        "transaction_rollback", "crash_recovery", "constraint_violations", "partial_failures",
    ),
    "resource": ("connection_exhaustion", "memory_pressure", "disk_space"),
    "load": ("load_stress",),
    "migration": ("migration_failures",),
    "corruption": ("schema_corruption", "data_integrity"),
    "recovery": ("recovery_procedures",),
}  # fmt: skip
QUICK = (
    "test_property_based_core.py::test_any_message_is_preserved_exactly",
    "test_concurrent_versioning.py::test_no_two_clients_get_the_same_version",
    "test_transaction_rollback.py",
    "test_partial_failures.py",
    "test_connection_exhaustion.py::test_work_that_fails_gives_its_connection_back",
    "test_schema_corruption.py",
    "test_migration_failures.py::test_several_releases_start_at_once_and_one_migrates",
    "test_recovery_procedures.py::test_a_head_is_found_again_from_the_commits",
)
"""One of most categories: `make test` has no minute to spare for all of them."""
QUICK_CANARIES = ("message-stripped", "version-read-modify-write", "savepoint-not-rolled-back")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?\.py(?:::\S+)?)", re.MULTILINE)

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Canary:
    """A planted defect: the category that it belongs to, and the tests that must fail."""

    name: str
    category: str
    tests: tuple[str, ...]


def canaries() -> tuple[Canary, ...]:
    """Read the map of the planted defects."""
    listed: Mapping[str, Mapping[str, Mapping[str, list[str]]]] = yaml.safe_load(
        (FOLDER / "canaries.yaml").read_text(encoding="utf-8")
    )
    return tuple(
        Canary(name, category, tuple(told["tests"]))
        for category, several in listed.items()
        for name, told in several.items()
    )


@dataclass(frozen=True)
class Ended:
    """How a run of the examples ended; *failed* are the tests, without their parameters."""

    code: int
    output: str
    took_s: float

    @property
    def failed(self) -> set[str]:
        return {found.partition("[")[0] for found in FAILED.findall(self.output)}


def run(*arguments: str, runs: Path, canary: str = "", within_s: float = 300) -> Ended:
    """Run pytest in the folder of the examples, as a reader of its README would."""
    begun = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--tb=short",
         f"--chaos-run-dir={runs}", *arguments],
        cwd=FOLDER,
        env={**os.environ, "STRATUM_CANARY": canary, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=within_s,
    )  # fmt: skip
    return Ended(ended.returncode, ended.stdout + ended.stderr, time.monotonic() - begun)


def category_of(test: str) -> str:
    """Return the category of a test: the one that its file is marked with."""
    stem = test.partition(".py")[0].removeprefix("test_")
    return next(name for name, stems in CATEGORIES.items() if stem in stems)


def test_each_subject_has_its_file_marked_with_its_category() -> None:
    stems = {stem for several in CATEGORIES.values() for stem in several}
    assert {path.stem.removeprefix("test_") for path in FOLDER.glob("test_*.py")} == stems
    for stem in stems:
        text = (FOLDER / f"test_{stem}.py").read_text(encoding="utf-8")
        marks = f"pytestmark = [pytest.mark.chaos, pytest.mark.{category_of(f'test_{stem}.py')}]\n"
        assert marks in text, f"test_{stem}.py"


def test_each_category_has_canaries_and_each_canary_its_tests() -> None:
    known = re.findall(r'"([a-z-]+)"', (FOLDER / "stratum/canaries.py").read_text(encoding="utf-8"))
    listed = canaries()
    assert sorted(one.name for one in listed) == sorted(known)
    assert {one.category for one in listed} == set(CATEGORIES)
    for canary in listed:
        for test in canary.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (FOLDER / file).read_text(encoding="utf-8"), test
            assert category_of(test) == canary.category, canary.name


def test_the_quick_ones_pass_and_their_canaries_do_not(tmp_path: Path) -> None:
    clean = run(*QUICK, runs=tmp_path)
    assert clean.code == 0, clean.output
    broken = run(*QUICK, runs=tmp_path, canary=",".join(QUICK_CANARIES))
    expected = {test for one in canaries() if one.name in QUICK_CANARIES for test in one.tests}
    assert broken.failed == expected, broken.output


def test_a_misspelt_canary_is_an_error() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import stratum; stratum.stamp_of('x')"],
        cwd=FOLDER, env={**os.environ, "STRATUM_CANARY": "no-such"}, capture_output=True, text=True,
    )  # fmt: skip
    assert "STRATUM_CANARY: unknown: no-such" in ended.stderr


@pytest.mark.prove
def test_the_smoke_selection_passes_within_its_minute(tmp_path: Path) -> None:
    ended = run("-m", SMOKE, runs=tmp_path)
    assert ended.code == 0, ended.output
    assert ended.took_s < SMOKE_S


@pytest.mark.prove
def test_everything_passes_within_ten_minutes(tmp_path: Path) -> None:
    ended = run(runs=tmp_path, within_s=FULL_S + 60)
    assert ended.code == 0, ended.output
    assert ended.took_s < FULL_S


@pytest.mark.prove
@pytest.mark.parametrize("canary", canaries(), ids=lambda one: one.name)
def test_a_canary_is_caught_by_its_own_category_only(canary: Canary, tmp_path: Path) -> None:
    ended = run("-m", SMOKE, runs=tmp_path, canary=canary.name)
    assert ended.code == 1, ended.output
    assert ended.failed >= set(canary.tests), ended.output
    assert {category_of(test) for test in ended.failed} == {canary.category}, ended.output
