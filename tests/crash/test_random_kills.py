"""The proof by repetition: SIGKILL at random moments while effects come and go."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from tests.crash.case import Case, Stage

_SEED = 20261121
_AT_ONCE = 4


def _left_after(number: int, tmp_path: Path, control: str) -> list[str]:
    rng = Random(f"{os.environ.get('HORMESIS_PROVE_SEED', _SEED)}/{number}")
    folder = tmp_path / f"kill-{number}"
    folder.mkdir()
    victim = rng.choice(("engine", "custodian", "both"))
    case = Case(
        "*", "random", victim, Stage(folder, control), lease_s=20.0,
        strike_after_s=rng.uniform(0.0, 1.0),
    )  # fmt: skip
    try:
        left = case.play()
    except AssertionError as error:
        left = [str(error) or repr(error)]
    return [f"kill {number} of {victim} after {case.strike_after_s:.3f} s: {one}" for one in left]


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_hundred_random_kills_leave_nothing(tmp_path: Path, proxy_control: str) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = pool.map(lambda n: _left_after(n, tmp_path, proxy_control), range(100))
        bad = [one for left in outcomes for one in left]
    assert not bad, "\n".join(bad)
