"""Programs whose life is a fault, each on a real process, and what their own death leaves."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hormesis.host.cpu_time import cpu_time_ns
from hormesis.host.holders.lifeline import EXIT_MISSING
from hormesis.host.means import load_means
from hormesis.host.process import Identity
from hormesis.host.tree import tree
from hormesis.words.verb import Undone
from tests.integration.postgres_faults.companions import Companion
from tests.integration.processes.stage import BUSY, IDLE, Stage, wait_for

ANSWERING = [sys.executable, "-S", "-c", """
import socket
server = socket.create_server(("127.0.0.1", 0), backlog=64)
print(server.getsockname()[1], flush=True)
held = []
while True:
    one, _ = server.accept()
    held.append(one)
    data = one.recv(100)
    while data == b"at once":
        one.sendall(b"answer")
        data = one.recv(100)
"""]  # fmt: skip


@pytest.fixture
def server(stage: Stage) -> int:
    """The port of a server that answers only ``at once``."""
    stage.adopt(ANSWERING)
    return int(stage.first_line)


def test_a_busy_process_gets_its_share_without_privilege(stage: Stage) -> None:
    stage.adopt(BUSY)
    guard = stage.held("pause", stop=False)
    holder = stage.holder("duty_cycle", pid=stage.pid, cpus=0.2, period_s=0.1)
    report: dict[str, Any] = {}
    while report.get("stops", 0) < 8:
        report = holder.report()
    assert 0.1 < report["cpus_used"] < 0.35, report
    assert holder.end() == 0
    guard.undo()
    assert stage.services.need("stage").state == "running"


def test_a_holder_killed_in_its_stop_phase_leaves_nothing_stopped(stage: Stage) -> None:
    stage.adopt(BUSY)
    guard = stage.held("pause", stop=False)
    holder = stage.holder("duty_cycle", pid=stage.pid, cpus=0.01, period_s=1.0)
    wait_for(lambda: stage.services.need("stage").state == "stopped", "it is stopped")
    holder.process.kill()
    holder.process.wait(5)
    assert stage.services.need("stage").state == "stopped"
    assert guard.undo() is Undone.DONE
    wait_for(lambda: stage.services.need("stage").state == "running", "it goes on")


def test_workers_burn_and_die_with_their_holder(stage: Stage) -> None:
    holder = stage.holder("cpu_burn", where="host", share=1.0, workers=1)
    assert holder.report()["cpus_burnt"] > 0.1
    who = Identity.of(holder.process.pid)
    workers = [one for one in tree(who) if one != who]
    assert len(workers) == 1 and cpu_time_ns(workers[0].pid) > 0
    # In a session of its own it competes as one process more, also under autogroups.
    assert os.getsid(workers[0].pid) == workers[0].pid
    holder.process.kill()
    holder.process.wait(5)
    wait_for(lambda: not workers[0].alive, "the worker ends with its parent")


def test_a_part_of_the_machines_memory_is_held_by_who_dies_first(stage: Stage) -> None:
    holder = stage.holder("memory_hog", of="host", share=0.002, floor_bytes=1 << 28)
    report = holder.report()
    while report["held"] < 0.9 * 0.002 * report["limit"]:
        report = holder.report()
    assert Path(f"/proc/{holder.process.pid}/oom_score_adj").read_text() == "1000\n"
    assert holder.end() == 0


def test_the_floor_is_kept_whatever_is_asked(stage: Stage) -> None:
    holder = stage.holder("memory_hog", of="host", share=1.0, floor_bytes=1 << 50)
    assert [holder.report()["held"] for _ in range(2)] == [0, 0]
    assert holder.end() == 0


def test_connections_are_held_and_those_closed_are_opened_again(
    stage: Stage, server: int
) -> None:
    holder = stage.holder("connections", address=f"127.0.0.1:{server}", count=50)
    report = holder.report()
    while report["open"] < 50:
        report = holder.report()
    assert report["refused"] == 0
    os.kill(stage.pid, signal.SIGKILL)
    while not report["refused"]:
        report = holder.report()
    assert report["reset"] > 0 and report["open"] < 50
    assert holder.end() == 0


def asked(port: int, text: bytes) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(text)
    return one


def test_a_server_dies_only_while_it_owes_an_answer(stage: Stage, server: int) -> None:
    who = Identity.of(stage.pid)
    assert who is not None
    with asked(server, b"at once") as idle:
        assert idle.recv(100) == b"answer"
        guard = stage.held("pause", stop=False)
        holder = stage.holder("crash_in_flight", pid=stage.pid, pids=[stage.pid], age_s=0.02)
        report = holder.report()
        assert "killed" not in report and report["connections"] == 1
        assert who.alive  # every answer was given
        idle.sendall(b"never answered")
        while "killed" not in report:
            report = holder.report()
        assert (report["killed"], report["in_flight"], report["bytes"]) == (1, 1, 14)
        assert report["age_ms"] >= 20
        wait_for(lambda: not who.alive, "it is dead")
        assert idle.recv(100) == b""
    guard.undo()
    assert holder.end() == 0


def test_a_request_from_before_counts(stage: Stage, server: int) -> None:
    with asked(server, b"not answered"):
        threading.Event().wait(0.05)
        holder = stage.holder("crash_in_flight", pid=stage.pid, pids=[stage.pid], age_s=0)
        report = holder.report()
        while "killed" not in report:
            report = holder.report()
        assert report["bytes"] == 12
    assert holder.end() == 0


@pytest.mark.skipif(bool(load_means("strace").missing()), reason="strace cannot trace here")
def test_a_program_dies_at_its_system_call(stage: Stage) -> None:
    code = "import os, sys; print(flush=True)\nfor line in sys.stdin: os.getppid()"
    process = stage.adopt([sys.executable, "-S", "-c", code])
    assert process.stdin is not None
    holder = stage.holder("crash_on_syscall", pid=stage.pid, syscall="getppid", nth=3)
    process.stdin.write(b"one\ntwo\n")
    process.stdin.flush()
    report = holder.report()
    while report["calls"] < 2:
        report = holder.report()
    assert process.poll() is None
    process.stdin.write(b"three\n")
    process.stdin.flush()
    assert process.wait(10) == -signal.SIGKILL
    while not report["dead"]:
        report = holder.report()
    assert holder.end() == 0


@pytest.mark.skipif(bool(load_means("strace").missing()), reason="strace cannot trace here")
def test_a_tracer_that_is_killed_leaves_the_program_whole(stage: Stage) -> None:
    stage.adopt(IDLE)
    holder = stage.holder("crash_on_syscall", pid=stage.pid, syscall="getppid", nth=1)
    (tracer,) = [one for one in tree(Identity.of(holder.process.pid))
                 if one.pid != holder.process.pid]  # fmt: skip
    holder.process.kill()
    os.kill(tracer.pid, signal.SIGKILL)
    wait_for(lambda: not tracer.alive, "the tracer is gone")
    assert stage.services.need("stage").state == "running"


FAKE_CUDA = """
#include <stddef.h>
static size_t total = 1ul << 30, used = 100ul << 20;
int cuInit(unsigned f) { return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGet(int *d, int n) { *d = n; return 0; }
int cuDevicePrimaryCtxRetain(void **c, int d) { *c = &total; return 0; }
int cuCtxSetCurrent(void *c) { return c != &total; }
int cuMemGetInfo_v2(size_t *f, size_t *t) { *f = total - used; *t = total; return 0; }
int cuMemAlloc_v2(unsigned long long *p, size_t n) {
    if (n > (64ul << 20) || used + n > total) return 2;
    used += n; return 0;
}
"""


@pytest.fixture
def fake_cuda(tmp_path: Path) -> Iterator[str]:
    """A library that answers like the driver of a card of 1 GiB, of which 100 MiB are in use."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed")
    source, library = tmp_path / "cuda.c", tmp_path / "libcuda.so"
    source.write_text(FAKE_CUDA)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    yield str(library)


def test_gpu_memory_is_filled_in_ever_smaller_blocks(stage: Stage, fake_cuda: str) -> None:
    holder = stage.holder("gpu_memory", share=0.9, library=fake_cuda)
    report = holder.report()
    assert 0.89 < report["share"] <= 0.9
    assert report["held"] == report["used"] - (100 << 20)
    assert holder.end() == 0


def test_no_gpu_is_said_so() -> None:
    holder = Companion("hormesis.host.holders.gpu_memory", {"share": 0.5, "library": "libno.so"})
    report = holder.report()
    assert report["ready"] is False
    assert report["missing"].startswith("no GPU: libno.so is not there")
    assert holder.process.wait(5) == EXIT_MISSING
    holder.end()
