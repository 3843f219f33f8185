"""Services started another way, with failpoints in them, and started as they were again."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hormesis.words.verb import Undone
from tests.integration.processes.stage import Stage, wait_for

WORK = """
import asyncio
import os

class Store:
    @classmethod
    def commit(cls, number):
        with open(os.environ["OUT"], "a") as out:
            out.write(f"{number}\\n")

async def send(number):
    Store.commit(number)

def plain(number):
    Store.commit(number)
"""
APP = """
import asyncio, os, signal, sys
import work
print(sys.modules["sitecustomize"].OWN, flush=True)
signal.signal(signal.SIGTERM, lambda *args: sys.exit(0))
for number in range(1, 7):
    try:
        match os.environ["CALL"]:
            case "commit": work.Store.commit(number)
            case "send": asyncio.run(work.send(number))
            case other: work.plain(number)
    except OSError as error:
        work.Store.commit(f"failed {number}: {error}")
work.Store.commit("all")
signal.pause()
"""


class Shop:
    """A Python service of its own, with a ``sitecustomize`` that must go on working."""

    def __init__(self, stage: Stage, call: str) -> None:
        self.out = stage.folder / "out"
        path = stage.folder / "path"
        path.mkdir()
        (path / "sitecustomize.py").write_text("OWN = 'its own sitecustomize'\n")
        (path / "work.py").write_text(WORK)
        (path / "app.py").write_text(APP)
        env = {**os.environ, "PYTHONPATH": str(path), "OUT": str(self.out), "CALL": call}
        self.stage = stage
        stage.adopt([sys.executable, str(path / "app.py")], env=env)
        wait_for(lambda: "all" in self.lines, "the first start has done its work")
        self.out.write_text("")

    @property
    def lines(self) -> list[str]:
        return self.out.read_text().split("\n")[:-1] if self.out.exists() else []


def failpoint(function: str, nth: int, action: str, **more: Any) -> dict[str, Any]:
    return {"module": "work", "function": function, "nth": nth, "action": action, **more}


def test_a_service_dies_at_the_third_call_and_comes_back_whole(stage: Stage) -> None:
    shop = Shop(stage, "commit")
    before = stage.pid
    held = stage.held("rerun", failpoint=failpoint("Store.commit", 3, "kill"))
    service = stage.services.need("stage")
    wait_for(lambda: service.state == "gone", "the failpoint kills")
    assert shop.lines == ["1", "2"]
    assert held.read() == {**held.read(), "armed": True, "strikes": 1, "call": 3}
    assert held.undo() is Undone.DONE
    assert service.state == "running" and stage.pid != before
    wait_for(lambda: "all" in shop.lines, "it does all its work, without the failpoint")
    assert held.read()["strikes"] == 1
    assert held.undo() is Undone.GONE


def test_a_coroutine_raises_at_its_call(stage: Stage) -> None:
    shop = Shop(stage, "send")
    what = failpoint("send", 2, "raise", error="OSError", message="disk full")
    held = stage.held("rerun", failpoint=what)
    wait_for(lambda: "all" in shop.lines, "it goes on after the error")
    assert shop.lines == ["1", "failed 2: disk full", "3", "4", "5", "6", "all"]
    armed = stage.pid
    assert held.undo() is Undone.DONE
    assert stage.pid != armed  # a failpoint that could strike later does not stay


@pytest.mark.parametrize("call", ["send", "plain"])
def test_a_call_sleeps(stage: Stage, call: str) -> None:
    shop = Shop(stage, call)
    began = time.monotonic()
    stage.held("rerun", failpoint=failpoint(call, 5, "sleep", delay_s=0.15, repeat=True))
    wait_for(lambda: "all" in shop.lines, "it goes on after its sleep")
    assert time.monotonic() - began >= 0.3


def test_a_function_that_is_not_there_is_told(stage: Stage) -> None:
    Shop(stage, "plain")
    held = stage.held("rerun", failpoint=failpoint("Store.save", 1, "kill"))
    wait_for(lambda: "trouble" in held.read(), "the service tells")
    assert held.read()["trouble"] == "module work has no Store.save"


def test_a_shutdown_is_slow_and_then_clean_or_not(stage: Stage) -> None:
    Shop(stage, "plain")
    held = stage.held("rerun", start="undo", slow_s=0.3, grace_s=5)
    reading = held.read()
    assert 0.3 <= reading["took_s"] < 2 and reading["killed"] == 0
    assert stage.services.need("stage").state == "gone"
    assert held.undo() is Undone.DONE
    held = stage.held("rerun", start="undo", slow_s=9, grace_s=0.3)
    reading = held.read()
    assert 0.3 <= reading["took_s"] < 2 and reading["killed"] == 1
    assert held.undo() is Undone.DONE


def test_a_restart_with_a_delay_is_not_repeated_on_release(stage: Stage) -> None:
    Shop(stage, "plain")
    held = stage.held("rerun", delay_s=0.1)
    after = stage.pid
    assert held.undo() is Undone.GONE
    assert stage.pid == after


def test_a_promise_only_starts_what_is_gone(stage: Stage) -> None:
    Shop(stage, "plain")
    held, before = stage.held("rerun", stop=False, start="undo"), stage.pid
    assert held.undo() is Undone.GONE and stage.pid == before
    held = stage.held("rerun", stop=False, start="undo")
    os.kill(before, 9)
    wait_for(lambda: stage.services.need("stage").state == "gone", "it is gone")
    assert held.undo() is Undone.DONE
    assert stage.services.need("stage").state == "running"


def test_nothing_of_a_failpoint_lies_on_the_disk(stage: Stage) -> None:
    shop = Shop(stage, "plain")
    before = set(Path(stage.folder).rglob("*"))
    held = stage.held("rerun", failpoint=failpoint("plain", 2, "sleep", delay_s=0.01))
    wait_for(lambda: held.read()["strikes"] == 1, "the failpoint strikes")
    wait_for(lambda: "all" in shop.lines, "it goes on")
    after = {path for path in Path(stage.folder).rglob("*") if "__pycache__" not in path.parts}
    assert after <= before
