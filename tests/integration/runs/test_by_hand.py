"""Runs steered by hand, on real processes, links and a real database."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hormesis import api
from hormesis.compose.by_hand_trouble import EndedEarly, NeverEntered
from hormesis.custodian.registry import open_runs
from hormesis.host.process import Identity
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import InputTrouble, Trouble, UsageTrouble
from tests.integration.postgres import postgres
from tests.integration.runs.world import is_stopped, listens, wait_for
from tests.proving_ground.programs import Postgres

__all__ = ["postgres"]
SLEEP = {"run": ["sleep", "600"]}
WEB: Mapping[str, Any] = {
    "ports": ["web"],
    "processes": {
        "web": {
            "run": ["${python}", "-m", "http.server", "${port.web}", "--bind", "127.0.0.1"],
            "ready": {"tcp": "127.0.0.1:${port.web}"},
        },
        "other": SLEEP,
    },
    "links": {"wire": {"upstream": "http://127.0.0.1:${port.web}"}},
}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of its own, in which no run is open in the end."""
    folder = tmp_path / "state"
    monkeypatch.setenv("HORMESIS_STATE", str(folder))
    monkeypatch.chdir(tmp_path)
    yield folder
    assert open_runs(folder) == []


def lives(pid: int) -> bool:
    who = Identity.of(pid)
    return who is not None and who.alive


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=5.0) as answer:
        return int(answer.status)


def test_faults_come_and_go_as_the_program_says(tmp_path: Path) -> None:
    with api.running(WEB, seed=11, out=tmp_path / "runs") as run:
        assert (run.seed, run.directory.parent) == (11, tmp_path / "runs")
        assert run.address("wire") == run.variables["link.wire.address"]
        assert get(run.url("wire")) == 200
        with run.fault("pause", "web", for_="30s") as paused:
            assert paused.seen and paused.proof.endswith("is stopped")
            with run.fault("stop", "other", grace="1s") as stopped:
                assert stopped.by == "signal" and len(stopped.records) == 1
            assert paused.records[0].released is None
        with run.fault("latency", "wire", delay="20ms") as slow:
            assert slow.proof == ""
            assert get(run.url("wire")) == 200
        assert slow.seen
    assert run.finished is not None


def test_the_record_is_that_of_every_run(tmp_path: Path) -> None:
    with api.running(WEB) as run:
        with run.fault("pause", "web") as paused:
            pass
        with run.fault("latency", "wire", delay="20ms", name="slow") as slow:
            get(run.url("wire"))
            assert slow.wait("5s") == slow.proof
        assert run.hit("restart", "web").endswith("has ended")
        run.until_ready("web")
        assert get(run.url("wire")) == 200
    assert run.finished is not None and run.finished.code == ExitCode.UNKNOWN
    judged = api.check(run.directory)
    assert "Nothing was checked" in judged.verdict.reason
    assert [one.id for one in judged.history.faults] == ["pause-1", "slow-1", "restart-1"]
    assert all(one.proof and one.proof_gone for one in judged.history.faults)
    assert paused.ids == ("pause-1",)
    told = [one.text for one in judged.history.notes]
    assert "slow-1: latency(delay=20ms) on wire" in told
    assert judged.history.manifest["command"][0] == "python"
    assert api.report(run.directory, ["json"])[0].is_file()


def test_a_check_and_tracks_of_the_document_count_as_ever(tmp_path: Path) -> None:
    file = tmp_path / "it.yaml"
    file.write_text(
        "title: The server answers again\n"
        "system: {processes: {web: {run: [sleep, '600']}}, targets: {it: {process: web}}}\n"
        "tracks: [{name: alive, probe: process, service: web, expect: running, every: 50ms}]\n"
        "checks: [{eventually: alive, within: 5s, after: pause}]\n"
        "limits: {settle: 200ms}\n"
    )
    with api.running(file) as run, run.fault("pause", "it"):
        pass
    assert run.finished is not None
    assert run.finished.code == ExitCode.PASS, run.finished.judged.verdict.reason


def test_what_is_wrong_is_told_before_anything_happens() -> None:
    wrong = api.running({"processes": {"web": {"rnu": ["sleep"]}}})
    with pytest.raises(InputTrouble, match=r"processes\.web\.rnu: .*did you mean run\?"), wrong:
        pass
    with api.running(WEB) as run:
        for told, kind, target, fields in (
            (r"puase.*did you mean pause\?", "puase", "web", {}),
            (r"latency\.dleay.*did you mean delay\?", "latency", "wire", {"dleay": "3ms"}),
            (r"latency\.delay: expected a duration", "latency", "wire", {"delay": 3}),
            (r"'wrie'; did you mean wire\?", "latency", "wrie", {"delay": "3ms"}),
            (r"found other, which has", "timeout", "other", {}),
            (r"expected no at", "pause", "web", {"at": "3s"}),
        ):
            with pytest.raises(InputTrouble, match=told) as raised:
                run.fault(kind, target, **fields)
            assert all(str(one.place).startswith(__file__) for one in raised.value.problems)
        long = run.fault("pause", "web", for_="1h")
        with pytest.raises(InputTrouble, match=r"expected at most 10m \(limits\.hold\)"), long:
            pass
        second = run.fault("pause", "web")
        told = "only once pause-1 is over"
        with run.fault("pause", "web"), pytest.raises(InputTrouble, match=told), second:
            pass
        with pytest.raises(InputTrouble, match="did you mean wire"):
            run.address("wrie")
        with pytest.raises(InputTrouble, match="did you mean web"):
            run.until_ready("wbe")
    assert [one.id for one in api.check(run.directory).history.faults] == ["pause-1"]


def test_what_limits_protect_cannot_be_hurt() -> None:
    with api.running({**WEB, "limits": {"protected": ["other"]}}) as run:
        fault = run.fault("pause", "other")
        with pytest.raises(InputTrouble, match=r"limits\.protected spares"), fault:
            pass


def test_a_fault_that_did_not_bite_proves_nothing() -> None:
    with api.running(WEB) as run:
        unused = run.fault("latency", "wire", delay="20ms")
        told = r"the last reading was active=True, .*hits=0"
        with pytest.raises(api.NoBite, match=told), unused:
            pass
        unused = run.fault("latency", "wire", delay="20ms")
        with pytest.raises(ZeroDivisionError) as raised, unused:
            raise ZeroDivisionError
        assert "was not seen to hurt" in raised.value.__notes__[0]
    assert all(one.released for one in api.check(run.directory).history.faults)


def test_faults_of_several_threads_overlap() -> None:
    names = [f"part-{number}" for number in range(4)]
    met = threading.Barrier(len(names))
    with api.running({"processes": dict.fromkeys(names, SLEEP)}) as run:

        def hurt(name: str) -> list[str]:
            proofs = []
            for _ in range(3):
                with run.fault("pause", name) as bite:
                    met.wait(20.0)
                    proofs.append(bite.proof)
            return proofs

        with ThreadPoolExecutor(len(names)) as pool:
            proofs = list(pool.map(hurt, names))
    assert all(len(one) == 3 and all(one) for one in proofs)
    faults = api.check(run.directory).history.faults
    assert sorted(one.id for one in faults) == sorted(f"pause-{n}" for n in range(1, 13))
    assert all(one.healed for one in faults)


def test_an_exception_in_the_block_undoes_everything() -> None:
    run = api.running(WEB)
    with pytest.raises(ZeroDivisionError), run, run.fault("pause", "web") as bite:
        raise ZeroDivisionError
    (record,) = api.check(run.directory).history.faults
    assert record.healed is not None and bite.records[0].proof_gone == record.proof_gone
    assert not listens(int(run.variables["port.web"]))


@pytest.mark.filterwarnings("default")
def test_an_interrupt_in_the_block_undoes_everything(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys, threading\n"
        "from hormesis import api\n"
        "system = {'processes': {'web': {'run': ['sleep', '600']}}}\n"
        "with api.running(system, out=sys.argv[1]) as run:\n"
        "    with run.fault('pause', 'web'):\n"
        "        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "        threading.Event().wait(20)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "runs")], capture_output=True, text=True
    )
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
    history = api.check(tmp_path / "runs").history
    assert history.end is not None and history.end["reason"] == "completed"
    assert history.faults[0].healed is not None


def test_it_does_not_block_a_loop() -> None:
    async def steer() -> tuple[api.ByHand, list[float]]:
        ticks: list[float] = []

        async def tick() -> None:
            while True:
                ticks.append(asyncio.get_running_loop().time())
                await asyncio.sleep(0.005)

        ticking = asyncio.create_task(tick())
        async with api.running(WEB) as run:
            async with run.fault("pause", "web") as paused, run.fault("kill", "other"):
                assert paused.seen
            async with run.fault("latency", "wire", delay="20ms") as slow:
                await asyncio.to_thread(get, run.url("wire"))
                assert await slow.wait_async("5s")
        ticking.cancel()
        return run, ticks

    run, ticks = asyncio.run(steer())
    # One that waited for the run would tick when it is entered and left, and hardly between.
    assert len(ticks) > 10
    assert max(later - one for one, later in pairwise(ticks)) < (ticks[-1] - ticks[0]) / 2
    assert all(one.healed for one in api.check(run.directory).history.faults)


def test_a_task_that_is_cancelled_undoes_everything() -> None:
    async def steer() -> api.ByHand:
        run = api.running(WEB)
        on = asyncio.Event()

        async def held() -> None:
            async with run, run.fault("pause", "web"):
                on.set()
                await asyncio.Event().wait()

        holding = asyncio.create_task(held())
        await on.wait()
        holding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holding
        return run

    run = asyncio.run(steer())
    assert api.check(run.directory).history.faults[0].healed is not None


def test_a_system_that_does_not_come_up_is_told() -> None:
    with pytest.raises(Trouble, match=r"is ready: not met within 0\.3 s"):
        ready = {"tcp": "127.0.0.1:1", "within": "300ms"}
        with api.running({"processes": {"web": {**SLEEP, "ready": ready}}}):
            pytest.fail("it was entered")


def test_a_run_that_ends_by_itself_is_told() -> None:
    run = api.running({"processes": {"web": SLEEP}, "limits": {"duration": "500ms"}})
    with pytest.raises(api.RunEnded, match="limit"), run, run.fault("pause", "web") as bite:
        wait_for(lambda: bite.records[0].released, "it was released", 20.0)
    with pytest.raises(api.RunEnded):
        run.fault("pause", "web")


def test_a_custodian_that_dies_is_told_and_everything_is_put_back(state: Path) -> None:
    run = api.running({"processes": {"web": SLEEP}})
    with pytest.raises(api.RunEnded) as raised, run, run.fault("pause", "web") as bite:
        (known,) = open_runs(state)
        assert known.custodian is not None
        os.kill(known.custodian.pid, signal.SIGKILL)
        wait_for(lambda: bite.records[0].released, "it was released", 20.0)
    assert "the custodian died" in raised.value.__notes__[0]
    assert run.finished is not None and not run.finished.judged.verdict.dirty
    assert not lives(int(bite.proof.split()[1]))


def test_what_nobody_let_go_goes_with_the_program(tmp_path: Path, state: Path) -> None:
    program = (
        "import sys\n"
        "from hormesis import api\n"
        "run = api.running({'processes': {'web': {'run': ['sleep', '600']}}}, out=sys.argv[1])\n"
        "print(run.__enter__().fault('pause', 'web').__enter__().proof)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "runs")], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    wait_for(lambda: not open_runs(state), "everything is put back", 20.0)
    assert not lives(int(done.stdout.split()[1]))


def test_a_run_is_entered_first_and_once() -> None:
    run = api.running({"processes": {"web": SLEEP}})
    with pytest.raises(UsageTrouble, match="was not begun"):
        run.fault("pause", "web")
    with run:
        fault = run.fault("pause", "web")
        with fault:
            pass
        with pytest.raises(UsageTrouble, match="can be entered once"), fault:
            pass
    with pytest.raises(UsageTrouble, match="begun already"), run:
        pass


def test_a_fork_leaves_the_run_alone() -> None:
    with api.running({"processes": {"web": SLEEP}}) as run:
        child = os.fork()
        if child == 0:
            try:
                with run.fault("pause", "web"):
                    os._exit(1)
            except Trouble:
                run.__exit__(None, None, None)
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        with run.fault("pause", "web") as bite:
            assert bite.seen


def test_one_fault_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        try:
            with api.fault("pause", process=process, out=tmp_path) as bite:
                assert is_stopped(process.pid) and bite.proof
            assert not is_stopped(process.pid)
            assert api.check(tmp_path).history.faults[0].healed is not None
        finally:
            process.kill()
    with pytest.raises(UsageTrouble, match="has no target"):
        api.fault("pause")


def test_a_proxy_to_any_address(tmp_path: Path) -> None:
    with api.running(WEB) as run:
        upstream = f"http://127.0.0.1:{run.variables['port.web']}"
        with api.proxy(upstream) as proxy:
            assert proxy.address == f"{proxy.host}:{proxy.port}"
            fault = proxy.fault("http-status", status=503, path="/x")
            with fault, pytest.raises(urllib.error.HTTPError):
                get(f"{proxy.url}/x")
        alone = api.fault("http-status", link=upstream, status=503, path="/x")
        with alone as bite:
            assert not bite.seen
            with pytest.raises(urllib.error.HTTPError):
                get(f"{alone.url}/x")
            assert bite.wait()


def test_faults_of_a_database(postgres: Postgres) -> None:
    dsn = postgres.dsn(postgres.new_database())
    with api.running({"links": {"db": {"upstream": dsn}}}) as run:
        url = run.url("db")
        locked = run.fault("postgres-lock", "db", table="t")
        slow = run.fault("postgres-delay", "db", min="5ms", max="10ms")
        failing = run.fault("postgres-fail", "db", sqlstate="40001", matching="insert")
        nowhere = run.fault("postgres-lock", "db", table="nope")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE t (n int)")
            with locked as lock, slow as delay:
                connection.execute("SELECT 1")
            assert "is granted" in lock.proof and "delayed" in delay.proof
        refused = pytest.raises(psycopg.errors.SerializationFailure)
        with failing, psycopg.connect(url) as connection, refused:
            connection.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(api.NotDone, match=r"nope.* does not exist"), nowhere:
            pass
    assert len(api.check(run.directory).history.faults) == 4
    first = api.fault("postgres-lock", postgres=dsn, table="t")
    second = api.fault("postgres-idle-in-transaction", postgres=dsn)
    with first as lock, second as idle:
        assert lock.seen and idle.seen


def test_a_fault_that_is_over_before_its_block_fails_it() -> None:
    with api.running(WEB) as run:
        told = r"ended by its limit of 200ms before the block did"
        with (
            pytest.raises(EndedEarly, match=told),
            run.fault("pause", "other", for_="200ms") as bite,
        ):
            wait_for(lambda: bite.records[0].healed is not None, "it is over by itself")


def test_a_fault_that_was_never_entered_is_told() -> None:
    told = r"fault\('pause', …\) at test_by_hand\.py:\d+ was never entered.*use `with`"
    with pytest.raises(NeverEntered, match=told), api.running(WEB) as run:
        run.fault("pause", "other")
        with run.fault("pause", "web"):
            pass
    alone = api.fault("pause", process=os.getpid())
    assert alone.never_entered.startswith("fault('pause', …) at test_by_hand.py:")


def test_a_process_that_nobody_starts_again_can_be_killed_by_hand() -> None:
    child = subprocess.Popen(["sleep", "600"])
    try:
        with api.fault("kill", process=child, back=False) as bite:
            assert bite.proof == f"pid {child.pid} is gone"
        assert child.wait(timeout=10) == -signal.SIGKILL
    finally:
        child.kill()
        child.wait()


def test_the_verdict_says_why_nothing_bit(postgres: Postgres) -> None:
    with api.running({"links": {"db": {"upstream": postgres.dsn()}}}) as run:
        unused = run.fault("postgres-fail", "db", matching="^insrt")
        with (
            psycopg.connect(run.url("db"), autocommit=True) as line,
            pytest.raises(api.NoBite, match="no statement matched"),
            unused,
        ):
            line.execute("SELECT 7")
    assert run.finished is not None
    (record,) = run.finished.judged.history.faults
    assert record.unseen.endswith("1 other passed by, the last: SELECT 7")
    assert record.unseen in run.finished.judged.verdict.reason


def test_a_lock_whose_holder_died_fails_its_block(postgres: Postgres) -> None:
    with (
        psycopg.connect(postgres.dsn(), autocommit=True) as line,
        api.running({"targets": {"db": {"postgres": postgres.dsn()}}}) as run,
    ):
        line.execute("CREATE TABLE IF NOT EXISTS held (n int)")
        told = "its program ended by itself"
        with pytest.raises(api.NoBite, match=told), run.fault("postgres-lock", "db", table="held"):
            os.kill(holder_of(run.prepared.stand.run_id, "pg_lock"), signal.SIGKILL)
            line.execute("SELECT * FROM held")
        line.execute("DROP TABLE held")


def holder_of(run_id: str, program: str) -> int:
    """Return the process id of the run's own holder *program*."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            ours = run_id.encode() in (process / "environ").read_bytes()
            if ours and program.encode() in (process / "cmdline").read_bytes():
                return int(process.name)
    raise AssertionError(f"no {program} runs")
