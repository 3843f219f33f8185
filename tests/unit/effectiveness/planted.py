"""Planted runs, so that each figure can be told beforehand."""

from __future__ import annotations

from hormesis.testing.effectiveness.rows import Evidence, Execution, Outcome, Record, Run, Sighting

PASSED, FAILED, FLAKY, ERROR = Outcome.PASSED, Outcome.FAILED, Outcome.FLAKY, Outcome.ERROR


def run(number: int, code: str = "a", duration_s: float = 10.0) -> Run:
    return Run(number, 1_000_000.0 + number, duration_s, code)


def ran(number: int, test: str, outcome: Outcome = PASSED, duration_s: float = 1.0) -> Execution:
    return Execution(number, f"t.py::{test}", outcome, duration_s)


def seen(number: int, test: str, place: str = "a.py:f: assert x") -> Sighting:
    return Sighting(number, f"t.py::{test}", "AssertionError", place)


def bit(number: int, test: str, word: str, *categories: str, count: int = 1) -> Evidence:
    return Evidence(number, f"t.py::{test}", word, count, f"{word} seen", categories)


EMPTY = Record()
