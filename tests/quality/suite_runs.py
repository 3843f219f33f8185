"""Run scenarios of a bundled suite through the command line, and read what came of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVIDENCE = "evidence"


@dataclass(frozen=True)
class SuiteRun:
    """One ``hormesis run SUITE …`` that is over; texts as printed."""

    code: int
    out: str
    err: str

    @property
    def runs(self) -> Mapping[str, Mapping[str, Any]]:
        """The scenarios' verdicts by name, of a run with ``--json``."""
        try:
            data = json.loads(self.out)
        except json.JSONDecodeError:
            raise AssertionError(f"exit {self.code}, no JSON: {self}") from None
        return {one["run"]: one for one in data["runs"]}

    def checks(self, scenario: str, outcome: str) -> dict[str, str]:
        """Return summaries of the scenario's checks with this outcome; evidence is no check."""
        return {
            one["check"]: one["summary"]
            for one in self.runs[scenario]["checks"]
            if one["outcome"] == outcome and one["kind"] != EVIDENCE
        }

    def undecided(self, scenario: str) -> dict[str, str]:
        """Return summaries of what is unknown in the scenario, evidence included."""
        return {
            one["check"]: one["summary"]
            for one in self.runs[scenario]["checks"]
            if one["outcome"] == "unknown"
        }

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.out[-6000:]}\n{self.err[-3000:]}"


def command_of(out: Path, arguments: Sequence[str], suite: str = "jobs") -> list[str]:
    """Return the command line of a suite run whose directories lie in *out*."""
    program = str(Path(sys.executable).with_name("hormesis"))
    return [program, "run", suite, "--out", str(out), *arguments]


def run_suite(
    suite: str, out: Path, *arguments: str, canary: str = "", within_s: float = 300.0
) -> SuiteRun:
    """Run *suite* on a proving ground with *canary* on, and wait for its end.

    Raises:
        subprocess.TimeoutExpired: it did not end within *within_s* seconds.
    """
    out.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command_of(out.resolve(), arguments, suite),
        cwd=out,  # Some suites leave copies of their evidence where they were started.
        env={**os.environ, "CANARY": canary},
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    return SuiteRun(done.returncode, done.stdout, done.stderr)


def run_jobs(
    out: Path, *arguments: str, canary: str = "", within_s: float = 300.0
) -> SuiteRun:
    """Run suite jobs on a proving ground with *canary* on, and wait for its end."""
    return run_suite("jobs", out, *arguments, canary=canary, within_s=within_s)
