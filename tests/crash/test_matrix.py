"""The crash matrix: every verb, every step, every victim; afterwards nothing may be left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hormesis.custodian.failpoint import STEPS
from hormesis.host.verbs import verb_names
from tests.crash.case import Case, Stage

VICTIMS = ("engine", "custodian", "both", "freeze")
_AT_ONCE = 6


@pytest.mark.parametrize("verb", verb_names())
def test_nothing_is_left_after_any_crash(verb: str, tmp_path: Path, proxy_control: str) -> None:
    """Each verb has its row; a new verb has one by itself, and fails it until it is staged."""
    cases = []
    for step in (*STEPS, "held"):
        for victim in VICTIMS:
            folder = tmp_path / f"{step}-{victim}"
            folder.mkdir()
            cases.append(Case(verb, step, victim, Stage(folder, proxy_control)))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = list(pool.map(_outcome, cases))
    bad = [f"{case.step}, {case.victim}: {left}" for case, left in zip(cases, outcomes, strict=True)
           if left]  # fmt: skip
    assert not bad, "\n".join(bad)


def _outcome(case: Case) -> list[str]:
    try:
        return case.play()
    except AssertionError as error:
        return [str(error) or repr(error)]
