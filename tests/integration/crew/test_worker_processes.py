from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

import hormesis
from hormesis.clients.python import Python
from hormesis.engine.clock import LoopClock
from hormesis.engine.crew.crew import Crew
from hormesis.engine.waiting import wait_until
from hormesis.host import dask_cluster
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.judging import judge_run
from hormesis.words.outcome import Outcome
from hormesis.words.trouble import CapabilityTrouble
from tests.integration.crew.crew_run import CLIENT, members, played, track, users_playing

ROOT = Path(__file__).parents[3]


def parts_of(ops: object, count: int) -> Counter[int]:
    """Return how many operations each worker made, by their numbers."""
    return Counter((op.number - 1) % (count + 1) for op in ops)  # type: ignore[attr-defined]


def test_workers_play_one_load_on_one_clock(tmp_path: Path) -> None:
    pids: list[int] = []

    async def look(crew: Crew, clock: LoopClock) -> None:
        await users_playing(crew, clock, 40)
        pids.extend(one.pid for one in members())

    history = asyncio.run(played(tmp_path, [track(tmp_path, seconds=1.5)], look, processes=3))
    assert len(pids) == 3
    assert not any(psutil.pid_exists(pid) for pid in pids)
    (record,) = history.loads
    assert (record.users, record.processes, record.lost) == (40, 3, "")
    assert len(history.ops) == record.iterations
    assert len({op.number for op in history.ops}) == len(history.ops)
    parts = parts_of(history.ops, 3)
    assert set(parts) == {1, 2, 3}
    assert {op.user for op in history.ops} == set(range(1, 41))
    began = history.phases[0].start
    ended = float((history.end or {})["time"])
    assert all(began <= op.due and op.ended <= ended for op in history.ops)
    for part in parts:
        # A worker with a clock of its own would not begin when the others do.
        firsts = min(op.due for op in history.ops if (op.number - 1) % 4 == part)
        assert firsts - began < 1.5
    checks = sum(one.count for one in history.metrics if one.metric == "checks")
    assert checks == len(history.ops)


def test_whoever_was_hired_and_never_got_orders_is_gone_in_the_end(tmp_path: Path) -> None:
    async def hired_alone() -> list[int]:
        clock, writer = LoopClock(), HistoryWriter(tmp_path)
        crew = Crew(
            [track(tmp_path, seconds=1.0)], seed=7, clock=clock, zero_ns=0, writer=writer,
            processes=2,
        )  # fmt: skip
        try:
            await crew.hire()

            async def there() -> bool:
                return len(members()) == 2

            await wait_until(there, what="two", deadline=clock.now() + 10.0, clock=clock)
            return [one.pid for one in members()]
        finally:
            await crew.close()
            writer.close()

    pids = asyncio.run(hired_alone())
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_killed_worker_loses_its_share_and_the_others_go_on(tmp_path: Path) -> None:
    moments: list[float] = []

    async def kill_one(crew: Crew, clock: LoopClock) -> None:
        await users_playing(crew, clock, 40)
        moments.append(clock.now())
        members()[0].kill()

        async def noticed() -> bool:
            return bool(crew.records["x"].lost)

        await wait_until(noticed, what="the loss", deadline=clock.now() + 5.0, clock=clock)
        moments.append(clock.now())

    history = asyncio.run(played(tmp_path, [track(tmp_path, seconds=2.5)], kill_one, processes=2))
    killed, noticed = moments
    assert noticed - killed < 1.0
    (record,) = history.loads
    told = re.fullmatch(
        r"worker ([12]) of 2 died at (\d+\.\d) s \(signal 9\): its half of load x was lost from "
        r"then on",
        record.lost,
    )
    assert told, record.lost
    assert float(told[2]) == pytest.approx(killed, abs=1.0)
    lost = int(told[1])
    last = {part: max(op.ended for op in history.ops if (op.number - 1) % 3 == part)
            for part in (1, 2)}  # fmt: skip
    assert killed - 1.5 < last[lost] < killed + 0.5
    assert last[3 - lost] > killed + 1.0
    verdict = judge_run(history, [])
    assert verdict.outcome is Outcome.UNKNOWN
    assert any(record.lost in finding.sentence for one in verdict.verdicts
               for finding in one.findings)  # fmt: skip


@pytest.mark.prove
def test_a_frozen_worker_is_told_and_goes_on(tmp_path: Path) -> None:
    async def freeze_one(crew: Crew, clock: LoopClock) -> None:
        await users_playing(crew, clock, 40)
        one = members()[0]
        one.send_signal(signal.SIGSTOP)

        async def told() -> bool:
            return "was not heard of" in crew.records["x"].trouble

        await wait_until(told, what="the silence", deadline=clock.now() + 8.0, clock=clock)
        one.send_signal(signal.SIGCONT)

    history = asyncio.run(played(tmp_path, [track(tmp_path, seconds=3.0)], freeze_one, processes=2))
    (record,) = history.loads
    assert re.search(r"worker [12] of 2 was not heard of for [23]\.\d s", record.trouble)
    assert record.lost == ""
    assert record.ended is not None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("import os; os._exit(3)", r"\(exit status 3\)"),
        ("import sys; sys.stderr.write('so it ends\\n'); sys.stderr.flush(); import os; "
         "os._exit(4)", r"\(exit status 4: so it ends\)"),
    ],
)  # fmt: skip
def test_a_script_that_ends_its_process_is_told(tmp_path: Path, line: str, expected: str) -> None:
    client = CLIENT.replace(
        "        self.user.check",
        f"        if self.user.number == 2 and self.user.clock.now() > 1.5: {line}\n"
        "        self.user.check",
    )
    said: list[str] = []
    history = asyncio.run(
        played(
            tmp_path, [track(tmp_path, client=client, seconds=2.0)], processes=2, said=said.append
        )
    )
    (record,) = history.loads
    assert re.search(r"worker [12] of 2 died at .*" + expected, record.lost), record.lost
    assert "".join(said) == ("so it ends\n" if "so it ends" in line else "")


def test_what_a_script_prints_is_passed_on_and_no_client_is_told_at_once(tmp_path: Path) -> None:
    said: list[str] = []
    unmade: list[str] = []
    broken = (
        "class Client:\n    def __init__(self, user):\n"
        "        __import__('sys').stdout.write(f'here is {user.number}\\n')\n"
        "        raise RuntimeError('no licence')\n    async def iterate(self): ...\n"
    )

    async def stop(crew: Crew, clock: LoopClock) -> None:
        async def known() -> bool:
            return bool(unmade)

        await wait_until(known, what="the trouble", deadline=clock.now() + 10.0, clock=clock)
        crew.stop()

    asyncio.run(
        played(
            tmp_path, [track(tmp_path, client=broken, seconds=30.0)], stop, processes=2,
            said=said.append, unmade=unmade.append,
        )
    )  # fmt: skip
    assert "no licence" in unmade[0]
    assert "here is " in "".join(said)


def test_stop_ends_all_of_them(tmp_path: Path) -> None:
    async def stop(crew: Crew, clock: LoopClock) -> None:
        await users_playing(crew, clock, 40)
        crew.stop()

    history = asyncio.run(played(tmp_path, [track(tmp_path, seconds=60.0)], stop, processes=2))
    (record,) = history.loads
    assert record.lost == ""
    assert record.ended is not None
    assert record.ended < 10.0


def test_one_process_needs_no_worker(tmp_path: Path) -> None:
    async def look(crew: Crew, clock: LoopClock) -> None:
        await users_playing(crew, clock, 5)
        assert members() == []

    history = asyncio.run(played(tmp_path, [track(tmp_path, seconds=1.0, vus=5)], look))
    assert {op.user for op in history.ops} == {1, 2, 3, 4, 5}
    assert history.loads[-1].processes == 1


def test_a_cluster_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="needs distributed (hormesis[cluster])")
    monkeypatch.setattr(dask_cluster, "CONNECT_S", 1.0)
    with pytest.raises(CapabilityTrouble, match="no Dask scheduler answers at tcp://127"):
        asyncio.run(played(tmp_path, [track(tmp_path, seconds=1.0)], cluster="tcp://127.0.0.1:1"))


def test_nothing_outlives_a_killed_engine(tmp_path: Path) -> None:
    engine = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.crew.crew_run", str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(Path(hormesis.__file__).parents[1])},
    )
    assert engine.stdout
    with engine:
        workers = [psutil.Process(int(pid)) for pid in engine.stdout.readline().split()]
        assert len(workers) == 2
        # A frozen one cannot see that its engine is gone; the kernel ends it.
        workers[0].send_signal(signal.SIGSTOP)
        engine.kill()
    gone, alive = psutil.wait_procs(workers, timeout=5.0)
    assert not alive
    assert len(gone) == 2


def test_workers_import_from_where_the_engine_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "own_visitors.py").write_text(CLIENT)
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    base = track(tmp_path, seconds=1.0)
    client = Python.model_validate({"use": "own_visitors:Client"})
    history = asyncio.run(played(tmp_path, [replace(base, client=client)], processes=2))
    assert len(history.ops) > 100
