"""A drawn moment at which nothing was open proves nothing, and is drawn again."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from hormesis.custodian import drill as module
from hormesis.custodian.drill import Round, drill


@pytest.mark.parametrize(
    ("misses", "left", "moments", "trouble"),
    [(0, [], 1, ""), (3, [], 4, ""), (99, [], 21, "none of 21 drawn kills met the run"),
     (99, ["a mount"], 1, "")],
)  # fmt: skip
def test_a_missed_kill_is_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, misses: int, left: list[str], moments: int,
    trouble: str,
) -> None:
    drawn: list[float] = []

    def played(
        victim: str, file: Path, options: Any, attached: Any, lasted_s: float, moment: Any
    ) -> Round:
        one = Round(victim, tmp_path / str(len(drawn)))
        if moment is not None:
            drawn.append(moment)
            one.missed = len(drawn) <= misses
            one.left = list(left) if one.missed else []
        return one

    monkeypatch.setattr(module, "_round", played)
    told: list[Round] = []
    rounds = drill(tmp_path / "x.yaml", [], kills=1, rng=Random(1), tell=told.append)
    assert rounds == told and len(rounds) == 5
    assert len(drawn) == len(set(drawn)) == moments
    assert rounds[-1].trouble.startswith(trouble) and bool(rounds[-1].trouble) == bool(trouble)
    assert rounds[-1].left == (left if misses else [])
