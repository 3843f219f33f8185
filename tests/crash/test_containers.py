"""The crash matrix of the verb ``container``, in full for each of its actions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.crash.case import Case, Stage
from tests.crash.rows import missing
from tests.crash.rows.container import ACTIONS
from tests.crash.test_matrix import GRID

_AT_ONCE = 4


@pytest.mark.prove
@pytest.mark.parametrize("action", ACTIONS)
def test_a_container_is_as_it_was_after_any_crash(
    action: str, tmp_path: Path, proxy_control: str
) -> None:
    if reason := missing("container"):
        pytest.skip(reason)
    cases = []
    for step, victim in GRID:
        folder = tmp_path / f"{action}_{step}-{victim}"
        folder.mkdir()
        cases.append(Case("container", step, victim, Stage(folder, proxy_control)))
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
