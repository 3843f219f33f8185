"""Why a target cannot be attached: only of one that is not there it is asked whether it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hormesis.engine.custody import Denied
from hormesis.engine.staging import Stage
from hormesis.words.experiment import Experiment, Service
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import Trouble
from tests.virtual_time import virtual_clock, virtually


class Unwilling:
    """A custodian that adopts nothing."""

    def __init__(self, told: str, why: str) -> None:
        self._told, self._why = told, why

    async def do(self, *asked: Any) -> None: ...

    async def ask(self, *asked: Any, **more: Any) -> None:
        raise Denied(self._told, self._why)


@pytest.mark.parametrize(
    ("told", "why", "code", "asks"),
    [
        ("no process on port 80", "absent", ExitCode.CAPABILITY_MISSING, True),
        ("process 7 is 'other' already", "failed", ExitCode.UNKNOWN, False),
    ],
)
@virtually
async def test_only_what_is_not_there_is_asked_for(
    told: str, why: str, code: ExitCode, asks: bool, tmp_path: Path
) -> None:
    custodian: Any = Unwilling(told, why)
    stage = Stage(
        Experiment("t", "t.yaml", 1, services=(Service("web", port=80, attached=True),)),
        custodian=custodian, clock=virtual_clock(), run=tmp_path, scratch=str(tmp_path), control="",
        given_up=lambda: False, say=lambda line: None, attached=lambda name, pid: None,
    )  # fmt: skip
    with pytest.raises(Trouble) as caught:
        await stage.up()
    assert caught.value.code is code
    assert f"cannot attach target 'web' by port 80: {told}" in str(caught.value)
    assert ("is it running, and may this user signal it?" in str(caught.value)) is asks
