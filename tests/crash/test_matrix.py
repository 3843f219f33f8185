"""The crash matrix: every verb, every step, every victim; afterwards nothing may be left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from hormesis.custodian.failpoint import STEPS
from hormesis.host.verbs import verb_names
from tests.crash.case import Case, Stage
from tests.crash.rows import missing

VICTIMS = ("engine", "custodian", "both", "freeze")
_AT_ONCE = 6
_SAMPLE = 6
GRID = [(step, victim) for step in (*STEPS, "held") for victim in VICTIMS]


@pytest.mark.parametrize("verb", verb_names())
def test_nothing_is_left_after_a_crash(verb: str, tmp_path: Path, proxy_control: str) -> None:
    """Each verb has its row; a new verb fails here until it has one."""
    ends = [("held", "both"), ("after-perform", "both")]
    sample = Random(verb).sample([cell for cell in GRID if cell not in ends], _SAMPLE - len(ends))
    play(verb, [*ends, *sample], tmp_path, proxy_control)


@pytest.mark.prove
@pytest.mark.parametrize("verb", verb_names())
def test_nothing_is_left_after_any_crash(verb: str, tmp_path: Path, proxy_control: str) -> None:
    play(verb, GRID, tmp_path, proxy_control)


def play(
    verb: str,
    cells: list[tuple[str, str]],
    folder: Path,
    proxy_control: str,
    *,
    at_once: int = _AT_ONCE,
) -> None:
    """Play the cells of a verb, each in a folder of its own; fail with all that they left."""
    if reason := missing(verb):
        pytest.skip(reason)
    cases = []
    for step, victim in cells:
        own = folder / f"{step}-{victim}"
        own.mkdir()
        cases.append(Case(verb, step, victim, Stage(own, proxy_control)))
    with ThreadPoolExecutor(at_once) as pool:
        outcomes = list(pool.map(_outcome, cases))
    bad = [f"{case.step}, {case.victim}: {left}" for case, left in zip(cases, outcomes, strict=True)
           if left]  # fmt: skip
    assert not bad, "\n".join(bad)


def _outcome(case: Case) -> list[str]:
    try:
        return case.play()
    except AssertionError as error:
        return [str(error) or repr(error)]
