from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hormesis.host import clock_file, clock_shim
from hormesis.host.means import load_means

pytestmark = pytest.mark.integration

PROGRAM = """
import datetime, sys, threading, time
for line in sys.stdin:
    began = time.monotonic()
    threading.Event().wait(0.05)
    time.sleep(0.05)
    print(time.clock_gettime(time.CLOCK_REALTIME), time.monotonic() - began, flush=True)
"""
TIMED_WAIT = r"""
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>
static double mono(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9; }
int main(void) {
  pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; pthread_cond_t c = PTHREAD_COND_INITIALIZER;
  sem_t s; struct timespec u; double began = mono();
  sem_init(&s, 0, 0); pthread_mutex_lock(&m);
  clock_gettime(CLOCK_REALTIME, &u); u.tv_sec += 1; pthread_cond_timedwait(&c, &m, &u);
  clock_gettime(CLOCK_REALTIME, &u); u.tv_sec += 1; sem_timedwait(&s, &u);
  printf("%.2f\n", mono() - began);
}
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Return the library, built."""
    if reason := load_means("compiler").missing():
        pytest.skip(reason)
    return asyncio.run(clock_shim.build(tmp_path / "clocks"))


def _environment(library: Path, clock: str) -> dict[str, str]:
    clock_file.make(clock)
    return clock_shim.environment(library, clock, dict(os.environ), "")


def test_a_running_program_follows_and_its_waits_stay_right(library: Path, tmp_path: Path) -> None:
    clock = str(tmp_path / "clocks" / "server")
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=_environment(library, clock), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip

        def shift() -> float:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            told, waited = map(float, process.stdout.readline().split())
            assert 0.09 < waited < 5, "a wait is as long as it was asked to be"
            return told - time.clock_gettime(time.CLOCK_REALTIME)

        assert abs(shift()) < 1
        clock_file.shift(clock, 1, offset_s=-3600, rate=0)
        assert -3601 < shift() < -3599
        clock_file.shift(clock, 2, offset_s=86400, rate=0)
        assert 82799 < shift() < 82801, "two shifts add up"
        assert clock_file.heard(clock).shift_s == 82800
        clock_file.unshift(clock, 1)
        clock_file.unshift(clock, 2)
        assert abs(shift()) < 1
        assert clock_file.heard(clock).calls >= 4
        clock_file.shift(clock, 3, offset_s=0, rate=10.0)
        assert shift() > 0.9, "ten seconds are gained in each"


def test_waits_until_a_moment_of_the_wall_clock_stay_right(library: Path, tmp_path: Path) -> None:
    source, program = tmp_path / "wait.c", tmp_path / "wait"
    source.write_text(TIMED_WAIT)
    subprocess.run(["cc", "-o", str(program), str(source), "-pthread"], check=True)
    clock = str(tmp_path / "clocks" / "server")
    environment = _environment(library, clock)
    clock_file.shift(clock, 1, offset_s=3600, rate=0)
    done = subprocess.run(
        [str(program)], env=environment, capture_output=True, text=True, timeout=20, check=True
    )
    assert 1.9 < float(done.stdout) < 10


def test_a_clock_file_that_is_missing_does_no_harm(library: Path, tmp_path: Path) -> None:
    environment = clock_shim.environment(library, str(tmp_path / "none"), dict(os.environ), "")
    done = subprocess.run(["date", "+%Y"], env=environment, capture_output=True, check=True)
    assert done.stderr == b""


def test_services_that_start_together_all_get_a_whole_library(tmp_path: Path) -> None:
    if missing := load_means("compiler").missing():
        pytest.skip(missing)

    async def several() -> set[Path]:
        return set(await asyncio.gather(*(clock_shim.build(tmp_path) for _ in range(4))))

    (library,) = asyncio.run(several())
    assert os.listdir(tmp_path) == [library.name]
    env = clock_shim.environment(library, str(tmp_path / "no-clock"), dict(os.environ), "")
    said = subprocess.run(["true"], env=env, capture_output=True, text=True, check=True).stderr
    assert said == ""
