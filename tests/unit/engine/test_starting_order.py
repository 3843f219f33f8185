"""In what order services are started: after what they depend on, and beside all else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hormesis.engine.staging import Stage, StagingTrouble, log_of
from hormesis.words.experiment import PROXY, SCRATCH, Experiment, Link, Ready, Service
from tests.unit.engine.fake_custodian import FakeCustodian
from tests.virtual_time import virtually

LINK = Link("db", "127.0.0.1:20494", "127.0.0.1:5432")


@dataclass
class Host(FakeCustodian):
    """A custodian whose services run once they were started."""

    said: list[str] = field(default_factory=list)

    async def service(self, name: str) -> Mapping[str, Any]:
        running = f"system/{name}" in self.active
        return {"state": "running" if running else "gone", "generation": 1}

    def begun(self) -> dict[str, float]:
        """Return when each was begun, in tenths of a second: a start takes one."""
        names = {effect.removeprefix("system/"): at for at, _, effect in self.told}
        first = names.pop(SCRATCH) + 0.1
        return {name: round((at - first) * 10) for name, at in names.items()}

    def stage(self, folder: Path, *services: Service, links: tuple[Link, ...] = ()) -> Stage:
        custodian: Any = self
        return Stage(
            Experiment("t", "t.yaml", 1, services=services, links=links),
            custodian=custodian, clock=self.clock, run=folder, scratch=str(folder), control="",
            given_up=lambda: False, say=self.said.append, attached=lambda name, pid: None,
        )  # fmt: skip


def service(name: str, depends_on: tuple[str, ...] | None = None, **more: Any) -> Service:
    return Service(name, depends_on=depends_on, **{"run": ("true",), **more})


@virtually
async def test_one_after_the_other_when_nothing_is_said(tmp_path: Path) -> None:
    host = Host()
    await host.stage(tmp_path, service("db"), service("queue"), service("web")).up()
    assert host.begun() == {"db": 0, "queue": 1, "web": 2}


@virtually
async def test_beside_each_other_when_they_need_nothing(tmp_path: Path) -> None:
    host = Host()
    db, queue, web = service("db", ()), service("queue", ()), service("web", ("db",))
    await host.stage(tmp_path, db, queue, web, service("bot")).up()
    assert host.begun() == {"db": 0, "queue": 0, "web": 1, "bot": 2}


@virtually
async def test_what_is_depended_on_must_be_ready(tmp_path: Path) -> None:
    host = Host()
    db = service("db", (), ready=Ready(line="listening", within_s=5))
    log = log_of(tmp_path, db)
    log.parent.mkdir()
    asyncio.get_running_loop().call_later(2.0, log.write_text, "now listening\n")
    await host.stage(tmp_path, db, service("web", ("db",)), service("queue", ())).up()
    assert host.begun()["queue"] == 0
    assert 19 <= host.begun()["web"] <= 21


@virtually
async def test_whoever_is_told_of_a_link_waits_for_it(tmp_path: Path) -> None:
    host = Host()
    run = service("run", (), run=("web", "--database", f"postgresql://{LINK.listen}/app"))
    env = service("env", (), env={"DATABASE_PORT": "20494"})
    other = service("other", (), run=("web", "--port", "204941", "--peer", "127.0.0.1:12049"))
    await host.stage(tmp_path, run, env, other, links=(LINK,)).up()
    assert host.begun() == {PROXY: 0, "other": 0, "run": 1, "env": 1}


@virtually
async def test_a_failed_one_ends_it_once_all_that_was_begun_is_over(tmp_path: Path) -> None:
    host = Host(refuse_do={"system/db": "failed"})
    queue = service("queue", (), ready=Ready(line="listening", within_s=60))
    stage = host.stage(
        tmp_path, service("db", ()), queue, service("web", ("db",)), service("bot", ("queue",))
    )
    with pytest.raises(StagingTrouble, match="service 'db' did not start") as caught:
        await stage.up()
    assert host.begun() == {"db": 0, "queue": 0}
    assert host.active == [f"system/{SCRATCH}", "system/queue"]
    assert len(caught.value.problems) == 1
    # Nothing is called up that was not seen ready, and nothing goes on.
    assert host.said == []
    assert host.clock.now() < 5
    assert len(asyncio.all_tasks()) == 1


@virtually
async def test_what_failed_at_the_same_time_is_told_at_the_same_time(tmp_path: Path) -> None:
    host = Host(refuse_do={"system/db": "failed", "system/queue": "failed"})
    with pytest.raises(StagingTrouble) as caught:
        await host.stage(tmp_path, service("db", ()), service("queue", ())).up()
    told = [str(one) for one in caught.value.problems]
    assert len(told) == 2
    assert "service 'db' did not start" in told[0]
    assert "service 'queue' did not start" in told[1]


@virtually
async def test_a_proxy_that_does_not_start_is_the_end(tmp_path: Path) -> None:
    host = Host(refuse_do={f"system/{PROXY}": "failed"})
    told = service("told", (), env={"DATABASE": LINK.listen})
    with pytest.raises(StagingTrouble, match="the fault proxy did not start"):
        await host.stage(tmp_path, told, service("other", ()), links=(LINK,)).up()
    assert host.begun() == {PROXY: 0, "other": 0}


@virtually
async def test_cut_off_it_leaves_nothing_running(tmp_path: Path) -> None:
    host = Host()
    never = Ready(line="never", within_s=60)
    stage = host.stage(tmp_path, service("db", (), ready=never), service("queue", (), ready=never))
    raising = asyncio.create_task(stage.up())
    await host.clock.sleep_until(host.clock.now() + 1)
    raising.cancel()
    with pytest.raises(asyncio.CancelledError):
        await raising
    assert len(asyncio.all_tasks()) == 1
