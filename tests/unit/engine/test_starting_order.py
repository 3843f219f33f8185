"""In what order services are started: after what they depend on, and beside all else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hormesis.engine.staging import Stage, StagingTrouble
from hormesis.words.experiment import SCRATCH, Experiment, Service
from tests.unit.engine.fake_custodian import FakeCustodian
from tests.virtual_time import virtually

ALL_BEFORE = None


def stage_of(custodian: Any, folder: Path, **depends_on: tuple[str, ...] | None) -> Stage:
    services = tuple(
        Service(name, run=("true",), depends_on=needed) for name, needed in depends_on.items()
    )
    return Stage(
        Experiment("t", "t.yaml", 1, services=services),
        custodian=custodian, clock=custodian.clock, run=folder, scratch=str(folder), control="",
        given_up=lambda: False, say=lambda line: None, attached=lambda name, pid: None,
    )  # fmt: skip


def begun(custodian: FakeCustodian) -> dict[str, float]:
    """Return when each service was begun, in tenths of a second, as long as a start takes."""
    names = {effect.removeprefix("system/"): at for at, _, effect in custodian.told}
    first = names.pop(SCRATCH) + 0.1
    return {name: round((at - first) * 10) for name, at in names.items()}


@virtually
async def test_one_after_the_other_when_nothing_is_said(tmp_path: Path) -> None:
    custodian = FakeCustodian()
    await stage_of(custodian, tmp_path, db=ALL_BEFORE, queue=ALL_BEFORE, web=ALL_BEFORE).up()
    assert begun(custodian) == {"db": 0, "queue": 1, "web": 2}


@virtually
async def test_beside_each_other_when_they_need_nothing(tmp_path: Path) -> None:
    custodian = FakeCustodian()
    stage = stage_of(custodian, tmp_path, db=(), queue=(), web=("db",), bot=ALL_BEFORE)
    await stage.up()
    assert begun(custodian) == {"db": 0, "queue": 0, "web": 1, "bot": 2}


@virtually
async def test_a_failed_one_ends_it_once_all_that_was_begun_is_over(tmp_path: Path) -> None:
    custodian = FakeCustodian(refuse_do={"system/db": "failed"})
    stage = stage_of(custodian, tmp_path, db=(), queue=(), web=("db",), bot=("queue",))
    with pytest.raises(StagingTrouble, match="service 'db' did not start"):
        await stage.up()
    assert begun(custodian) == {"db": 0, "queue": 0}
    assert custodian.active == [f"system/{SCRATCH}", "system/queue"]
    assert len(asyncio.all_tasks()) == 1
