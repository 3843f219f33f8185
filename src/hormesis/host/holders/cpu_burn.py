"""Burn CPU time: on the whole machine, in a service's control group, or on a service's CPUs.

Configuration: ``where`` (host, cgroup, affinity), ``share`` (0 to 1, of each worker's time) and
``workers`` (0: one for each CPU). For a service ``pid`` is its main process. Reports ``workers``,
``cpus_asked``, ``cpus_burnt`` (CPU seconds per second since the last report), ``busy`` (the share
of the whole machine's CPU time that anybody used) and, in a control group, ``throttled``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from hormesis.host import cgroups
from hormesis.host.cgroups import Hierarchy, NoCgroup
from hormesis.host.cpu_time import cpu_times_ns
from hormesis.host.holders.lifeline import EXIT_MISSING, Lifeline, configuration, report
from hormesis.host.workers import Workers

_STROKE_S = 0.02
_REPORT_S = 0.25


def burn(share: float) -> Callable[[Callable[[float], bool]], None]:
    """Return the work of one worker: busy for *share* of its time."""

    def work(parted: Callable[[float], bool]) -> None:
        # A kernel with autogroups gives all workers of one session together the share of one
        # process elsewhere (sched(7)), so that more of them would burn no more.
        os.setsid()
        idle_s = _STROKE_S * (1 / share - 1) if share > 0 else 1.0
        while not parted(idle_s):
            until = time.thread_time() + _STROKE_S
            while share > 0 and time.thread_time() < until:
                for _ in range(2000):
                    pass

    return work


def busy_share(before: tuple[int, int], now: tuple[int, int]) -> float:
    """Return the busy share between two readings of :func:`machine_time`."""
    passed = now[1] - before[1]
    return round((now[0] - before[0]) / passed, 4) if passed > 0 else 0.0


def machine_time() -> tuple[int, int]:
    """Return the ticks that all CPUs were busy, and all ticks; see proc(5), ``/proc/stat``."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def place(config: dict[str, Any]) -> Hierarchy | None:
    """Go where the CPU time is to be burnt, before the workers are forked.

    Raises:
        NoCgroup: the service's control group cannot be joined.
        OSError: its CPUs cannot be learned, or its group cannot be entered.
    """
    if config["where"] == "affinity":
        os.sched_setaffinity(0, os.sched_getaffinity(int(config["pid"])))
    if config["where"] != "cgroup":
        return None
    hierarchy = cgroups.hierarchy_of("cpu")
    folder = hierarchy.folder_of(int(config["pid"]))
    cgroups.write(folder, "cgroup.procs", os.getpid())
    return hierarchy


def main() -> int:
    """Burn until the lifeline ends."""
    config = configuration()
    try:
        hierarchy = place(config)
    except (NoCgroup, OSError) as error:
        report(ready=False, missing=f"its CPUs cannot be shared: {error}")
        return EXIT_MISSING
    count = int(config.get("workers") or 0) or len(os.sched_getaffinity(0))
    asked = round(count * float(config["share"]), 4)
    workers = Workers(count, burn(float(config["share"])))
    lifeline = Lifeline()
    report(ready=True, workers=count, cpus_asked=asked)
    folder = hierarchy.folder_of(os.getpid()) if hierarchy is not None else None
    while True:
        used, machine, began = cpu_times_ns(workers.pids), machine_time(), time.monotonic()
        lifeline.wait(_REPORT_S)
        passed_ns = (time.monotonic() - began) * 1e9
        now = cpu_times_ns(workers.pids)
        burnt = sum(now.get(pid, 0) - used.get(pid, 0) for pid in workers.pids) / passed_ns
        facts = {}
        if hierarchy is not None and folder is not None:
            facts["throttled"] = cgroups.counts(cgroups.read(folder, "cpu.stat")).get(
                "nr_throttled", 0
            )
        report(
            workers=count, cpus_asked=asked, cpus_burnt=round(burnt, 4),
            busy=busy_share(machine, machine_time()), **facts,
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
