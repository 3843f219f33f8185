"""Run every scenario on the clean system and with its planted defects, and write down what came.

``python -m tests.quality.catalogue --suite jobs --clean 10`` adds a line to ``catalogue.tsv`` for
each run; ``make docs`` makes the table of docs/reference/catalogue.md from the file. What was
recorded for a scenario and defect before is replaced, so that no line tells of an older scenario.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.quality.canary_map import Canary, read_map, scenario_names, suites_with_maps
from tests.quality.suite_runs import SuiteRun, run_suite

TABLE = Path(__file__).with_name("catalogue.tsv")
WITHIN_S = 900.0


@dataclass(frozen=True)
class Row:
    """One run that was made.

    ``defect`` is empty on the clean system. ``result`` is pass, fail, unknown or skipped there,
    and with a defect caught, missed or unrelated (a check failed that the map does not name).
    ``checks`` are those that failed, ``seconds`` the whole command.
    """

    suite: str
    scenario: str
    defect: str
    result: str
    checks: str
    seconds: str
    options: str

    @property
    def of(self) -> tuple[str, str, str]:
        """What was run: suite, scenario and defect."""
        return self.suite, self.scenario, self.defect


@dataclass(frozen=True)
class Wanted:
    """One run to make, ``times`` over."""

    suite: str
    scenario: str
    canary: Canary | None
    options: Sequence[str]
    times: int = 1


def read_rows() -> list[Row]:
    """Return what is recorded."""
    if not TABLE.is_file():
        return []
    width = len(fields(Row))
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    return [Row(*line.split("\t", width - 1)) for line in lines]


def write_rows(rows: Sequence[Row]) -> None:
    """Write *rows* in the order of their suites, scenarios and defects."""
    head = "\t".join(one.name for one in fields(Row))
    lines = ["\t".join(astuple(row)) for row in sorted(rows, key=lambda row: row.of)]
    TABLE.write_text("\n".join([head, *lines, ""]), encoding="utf-8")


def record(rows: Sequence[Row]) -> None:
    """Replace what is recorded of the same scenario and defect by *rows*, one writer at a time."""
    with Path(__file__).open("rb") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        write_rows([*(row for row in read_rows() if row.of != rows[0].of), *rows])


def wanted(
    suites: Sequence[str], scenarios: Sequence[str], *, clean: int, defects: bool
) -> Iterator[Wanted]:
    """Yield every run to make: clean ones first."""
    for suite in suites:
        canaries = read_map(suite)
        chosen = [one for one in scenario_names(suite) if not scenarios or one in scenarios]
        for name in chosen if clean else ():
            yield Wanted(suite, name, None, canaries.clean, clean)
        for canary in canaries.canaries.values() if defects else ():
            options = [*canaries.short, *canary.options]
            for name in canary.fails:
                if name in chosen:
                    yield Wanted(suite, name, canary, options)


def made(one: Wanted) -> list[Row]:
    """Make the runs and return a row for each."""
    return [_made(one) for _ in range(one.times)]


def _made(one: Wanted) -> Row:
    defect = one.canary.switched_on if one.canary else ""
    words = ["--scenario", one.scenario, *one.options]
    with TemporaryDirectory(prefix="hormesis-catalogue-") as folder:
        begun = perf_counter()
        try:
            run = run_suite(
                one.suite, Path(folder), *words, "--json", canary=defect, within_s=WITHIN_S
            )
            failed = sorted(run.checks(one.scenario, "fail"))
            result = _result(run, one, set(failed))
        except (AssertionError, KeyError, subprocess.TimeoutExpired) as error:
            result, failed = f"broken: {str(error)[:120]!r}", []
        lasted = perf_counter() - begun
    told = one.canary.name if one.canary else ""
    options = " ".join(one.options)
    checks = ", ".join(failed)
    return Row(one.suite, one.scenario, told, result, checks, f"{lasted:.1f}", options)


def _result(run: SuiteRun, one: Wanted, failed: set[str]) -> str:
    verdict = run.runs[one.scenario]
    if verdict.get("skipped"):
        return "skipped"
    if one.canary is None:
        return "pass" if run.code == 0 else str(verdict["outcome"])
    expected = one.canary.expected(one.scenario)
    if not expected <= failed:
        return "missed"
    return "caught" if failed <= expected | set(one.canary.may) else "unrelated"


def main(words: Sequence[str]) -> int:
    """Make the runs that *words* ask for; return 1 when one was not as it has to be."""
    parser = ArgumentParser(prog="python -m tests.quality.catalogue", description=__doc__)
    parser.add_argument("--suite", action="append", choices=suites_with_maps())
    parser.add_argument("--scenario", action="append", default=[])
    parser.add_argument("--clean", type=int, default=10, help="clean runs of each scenario")
    parser.add_argument("--no-defects", action="store_true", help="only clean runs")
    parser.add_argument("--workers", type=int, default=1, help="so many runs at a time")
    given = parser.parse_args(words)
    suites = given.suite or suites_with_maps()
    runs = list(wanted(suites, given.scenario, clean=given.clean, defects=not given.no_defects))
    wrong = 0
    with ThreadPoolExecutor(given.workers) as pool:
        for ended in as_completed([pool.submit(made, one) for one in runs]):
            rows = ended.result()
            record(rows)
            for row in rows:
                good = row.result in ("pass", "caught", "skipped")
                wrong += not good
                sys.stdout.write("\t".join(astuple(row)) + "\n")
                sys.stdout.flush()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
