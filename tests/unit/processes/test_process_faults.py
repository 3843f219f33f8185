"""What the process and resource faults ask for, and what they take as proof."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.faults.connection_flood import ConnectionFlood
from hormesis.faults.cpu_limit import CpuLimit
from hormesis.faults.cpu_saturation import CpuSaturation
from hormesis.faults.crash_at import CrashAt
from hormesis.faults.crash_in_flight import CrashInFlight
from hormesis.faults.descriptor_limit import DescriptorLimit
from hormesis.faults.gpu_memory import GpuMemory
from hormesis.faults.kill import Kill
from hormesis.faults.memory_limit import MemoryLimit
from hormesis.faults.memory_saturation import MemorySaturation
from hormesis.faults.oom_kill import OomKill
from hormesis.faults.pause import Pause
from hormesis.faults.process_limit import ProcessLimit
from hormesis.faults.restart import Restart
from hormesis.faults.slow_shutdown import SlowShutdown
from hormesis.words.fault import Fault, Measure, NoWay, chosen
from hormesis.words.look import EffectLook, ProcessLook, Reading
from hormesis.words.target import Target

SERVER = Target("server", service="server", restartable=True)
STRANGER = Target("server", service="server")
MACHINE = Target("machine", host=True)
ADDRESS = Target("address", address="127.0.0.1:80")
FUNCTION: dict[str, Any] = {"function": "svc:Store.commit", "nth": 4}


def by(fault: type[Fault], mechanism: str = "", **fields: Any) -> Fault:
    return fault.model_validate({**fields, "by": mechanism})


def calls(fault: Fault, target: Target = SERVER) -> list[tuple[str, dict[str, Any]]]:
    found = fault.verbs(target, Random(1))
    assert json.loads(json.dumps([dict(call.args) for call in found])) == [
        dict(call.args) for call in found
    ]
    assert all(call.args["subject"] == (target.service or target.name) for call in found)
    return [(call.verb, dict(call.args)) for call in found]


PROMISE = ("rerun", {"subject": "server", "stop": False, "start": "undo"})
EVERY = [
    (by(Kill, "signal", tree=True), SERVER, ["kill"]),
    (by(Kill, "cgroup-kill"), SERVER, ["rerun", "cgroup"]),
    (by(Kill, "cgroup-kill", back=False), STRANGER, ["cgroup"]),
    (by(Pause, "signal"), STRANGER, ["pause"]),
    (by(Pause, "cgroup-freezer"), STRANGER, ["cgroup"]),
    (by(Restart, delay="1s"), SERVER, ["rerun"]),
    (by(Restart), SERVER, ["stop"]),
    (by(SlowShutdown), SERVER, ["rerun"]),
    (by(CrashAt, **FUNCTION), SERVER, ["rerun"]),
    (by(CrashAt, syscall="fsync"), SERVER, ["rerun", "holder"]),
    (by(CrashInFlight), SERVER, ["rerun", "pause", "holder"]),
    (by(CrashInFlight, back=False), STRANGER, ["pause", "holder"]),
    (by(OomKill), SERVER, ["cgroup", "rerun", "holder"]),
    (by(CpuLimit, "cgroup-cpu"), STRANGER, ["cgroup"]),
    (by(CpuLimit, "duty-cycle"), STRANGER, ["pause", "holder"]),
    (by(CpuSaturation, "host"), MACHINE, ["holder"]),
    (by(CpuSaturation, "affinity"), STRANGER, ["holder"]),
    (by(MemorySaturation, "cgroup"), STRANGER, ["holder"]),
    (by(MemoryLimit, "cgroup-memory"), STRANGER, ["cgroup"]),
    (by(MemoryLimit, "rlimit"), SERVER, ["limit", "rerun"]),
    (by(ProcessLimit, "cgroup-pids"), STRANGER, ["cgroup"]),
    (by(ProcessLimit, "rlimit"), STRANGER, ["limit"]),
    (by(DescriptorLimit), STRANGER, ["limit"]),
    (by(ConnectionFlood), ADDRESS, ["holder"]),
    (by(GpuMemory), MACHINE, ["holder"]),
]


@pytest.mark.parametrize(("fault", "target", "verbs"), EVERY)
def test_each_becomes_its_verbs_and_has_no_bite_without_evidence(
    fault: Fault, target: Target, verbs: list[str]
) -> None:
    assert [verb for verb, _ in calls(fault, target)] == verbs
    same: Reading = {"state": "running", "pid": 7, "generation": 1}
    assert fault.hurts(same, same) == ""
    assert fault.hurts({}, {}) == ""
    # A mechanism can be chosen for that target, so what it needs is no more than that.
    assert chosen(fault.model_copy(update={"by": ""}), target, {}).by


def test_what_must_not_stay_stopped_has_an_older_effect_that_continues_it() -> None:
    for fault in (by(CpuLimit, "duty-cycle"), by(CrashInFlight)):
        *_, guard, holder = calls(fault)
        assert guard == ("pause", {"subject": "server", "stop": False})
        assert holder[1]["process"] == "server"


def test_whatever_is_killed_is_started_again_on_release() -> None:
    for fault in (by(Kill, "cgroup-kill"), by(CrashInFlight), by(CrashAt, syscall="write"),
                  by(OomKill), by(MemoryLimit, "cgroup-memory")):  # fmt: skip
        assert PROMISE in calls(fault)
        with_promise = {"state": "gone", "pid": None, "ended": True}
        assert fault.healed({"state": "running", "pid": 7}, with_promise) == ""


def test_a_promise_that_cannot_be_kept_is_refused() -> None:
    for fault in (Kill(), CrashInFlight(), OomKill(), CrashAt(syscall="write"), SlowShutdown()):
        with pytest.raises(NoWay, match="restartable"):
            chosen(fault, STRANGER, {})


def test_without_control_groups_the_unprivileged_way_is_taken() -> None:
    missing = {"cgroup-cpu": "no", "cgroup-memory": "no", "cgroup-pids": "no"}
    assert chosen(CpuLimit(), SERVER, missing).by == "duty-cycle"
    assert chosen(MemoryLimit(), SERVER, missing).by == "rlimit"
    assert chosen(ProcessLimit(), SERVER, missing).by == "rlimit"
    assert chosen(CpuLimit(), SERVER, {}).by == "cgroup-cpu"
    with pytest.raises(NoWay, match="cgroup-memory: no") as refused:
        chosen(OomKill(), SERVER, missing)
    assert refused.value.lacking


def test_only_sigkill_can_be_sent_by_a_control_group() -> None:
    assert [way.name for way in Kill().ways()] == ["signal", "cgroup-kill"]
    assert [way.name for way in Kill(signal="TERM").ways()] == ["signal"]


def test_a_crash_point_is_one_function_or_one_system_call() -> None:
    with pytest.raises(ValidationError, match="either a function or a syscall"):
        CrashAt()
    with pytest.raises(ValidationError, match="either a function or a syscall"):
        CrashAt(function="a:b", syscall="write")
    with pytest.raises(ValidationError, match="can kill, but not sleep"):
        CrashAt(syscall="write", action="sleep")
    with pytest.raises(ValidationError):
        CrashAt(function="no-colon")
    ((_, args),) = calls(by(CrashAt, **FUNCTION, action="raise", error="OSError"))
    assert args["failpoint"]["module"] == "svc"
    assert args["failpoint"]["function"] == "Store.commit"


HURTS: list[tuple[Fault, dict[str, Any], str]] = [
    (by(Kill, "signal", tree=True), {"state": "gone", "signalled": 3, "spread_ms": 0.1},
     "pid 7 is gone, 3 processes within 0.1 ms"),
    (by(Kill, "cgroup-kill"), {"pid": 8, "killed": 3}, "pid 7 is gone, 3 processes in one instant"),
    (by(Pause, "cgroup-freezer"), {"frozen": True, "pid": 7, "cgroup": 2},
     "pid 7 is frozen (cgroup v2)"),
    (by(SlowShutdown, delay="2s"), {"state": "gone", "took_s": 2.1, "killed": 0},
     "the shutdown of pid 7 took 2.10 s, and it ended by itself"),
    (by(CrashAt, **FUNCTION), {"strikes": 1, "call": 4}, "killed at svc:Store.commit, call 4"),
    (by(CrashAt, syscall="fsync", nth=2), {"dead": True, "calls": 2}, "killed at fsync, call 2"),
    (by(CrashInFlight), {"killed": 2, "in_flight": 1, "bytes": 9, "age_ms": 3.5},
     "killed with 1 requests of 9 bytes unanswered, the oldest for 3.5 ms"),
    (by(OomKill), {"dead": True, "oom_kills": 1, "pid": None, "cgroup": 1},
     "the kernel killed pid 7 (cgroup v1, limit 64000000 bytes, oom_kill 1)"),
    (by(CpuLimit, "cgroup-cpu"), {"nr_throttled": 5, "cpus_used": 0.21, "cgroup": 1},
     "throttled 5 times, it uses 0.210 of 0.2 CPUs (cgroup v1)"),
    (by(CpuLimit, "duty-cycle"), {"stops": 5, "cpus_used": 0.19},
     "stopped 5 times, it uses 0.190 of 0.2 CPUs"),
    (by(CpuSaturation, "host"), {"cpus_burnt": 1.9, "cpus_asked": 2, "busy": 1.0},
     "1.90 of 2 CPUs burnt, the machine is 100% busy"),
    (by(MemorySaturation, "cgroup"), {"held": 9e6, "limit": 1e7, "share": 0.9},
     "9 MB held, 90.0% of 10 MB in use"),
    (by(MemoryLimit, "cgroup-memory"), {"limit_hits": 3, "cgroup": 1},
     "ran into the limit 3 times (cgroup v1)"),
    (by(MemoryLimit, "rlimit"), {"left": 0}, "0 bytes of address space are left of 32000000"),
    (by(ProcessLimit, "cgroup-pids"), {"refused": 2, "tasks_max": "5", "cgroup": 1},
     "2 new tasks refused at 5 tasks (cgroup v1)"),
    (by(ProcessLimit, "rlimit"), {"left": 0, "used": 9},
     "its user has 9 tasks, and no more are allowed"),
    (by(DescriptorLimit), {"left": 0, "used": 9, "soft": 9, "soft_before": 1024},
     "9 descriptors are open and none is left (limit 9, before 1024)"),
    (by(ConnectionFlood), {"open": 190, "waiting": 3, "refused": 0, "reset": 1},
     "190 of 200 connections held; 3 wait, 0 refused, 1 closed by the server"),
    (by(GpuMemory), {"held": 9e8, "share": 0.95, "total": 1e9},
     "900 MB held, 95.0% of 1000 MB in use"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "now", "proof"), HURTS)
def test_the_proof_of_each_bite(fault: Fault, now: dict[str, Any], proof: str) -> None:
    assert fault.hurts({"state": "running", "pid": 7}, now) == proof


@pytest.mark.parametrize(("fault", "now"), [
    (by(SlowShutdown, delay="2s"), {"state": "gone", "took_s": 0.3}),
    (by(OomKill), {"dead": True, "oom_kills": 0, "pid": None}),
    (by(OomKill), {"dead": False, "oom_kills": 1, "pid": 7}),
    (by(CpuSaturation, "host"), {"cpus_burnt": 0.5, "cpus_asked": 2, "busy": 0.4}),
    (by(MemorySaturation, "host"), {"held": 1e9, "limit": 4e9}),
    (by(MemoryLimit, "rlimit"), {"left": 9_000_000, "state": "running"}),
    (by(ProcessLimit, "cgroup-pids"), {"refused": 0, "tasks": 5, "tasks_max": "5"}),
    (by(DescriptorLimit), {"left": 1}),
    (by(ConnectionFlood), {"open": 100, "waiting": 0}),
    (by(ConnectionFlood), {"open": 0, "waiting": 0, "refused": 200}),
    (by(GpuMemory), {"held": 1e8, "share": 0.5}),
])  # fmt: skip
def test_a_half_bite_is_none(fault: Fault, now: dict[str, Any]) -> None:
    assert fault.hurts({"state": "running", "pid": 7}, now) == ""


def test_a_floor_counts_as_what_was_asked() -> None:
    fault = by(MemorySaturation, "host", share="90%", floor="3GB")
    assert fault.hurts({}, {"held": 1e9, "limit": 4e9, "share": 0.25})


@pytest.mark.parametrize(("fault", "now", "measure"), [
    (by(SlowShutdown, delay="2s"), {"took_s": 2.1}, Measure(2.0, 2.1, "s")),
    (by(SlowShutdown, delay="9s"), {"took_s": 5.1}, Measure(5.0, 5.1, "s")),
    (by(CrashAt, **FUNCTION), {"call": 4}, Measure(4, 4, "call")),
    (by(CpuLimit, cpus=0.3), {"cpus_used": 0.31}, Measure(0.3, 0.31, "CPUs")),
    (by(CpuSaturation), {"cpus_burnt": 1.5, "cpus_asked": 2}, Measure(2, 1.5, "CPUs")),
    (by(MemorySaturation, "cgroup"), {"used": 88, "limit": 100}, Measure(0.9, 0.88, "share")),
    (by(MemoryLimit, "rlimit", left="1MB"), {"left": 100}, Measure(1e6, 999_900, "bytes")),
    (by(DescriptorLimit), {"left": 0}, Measure(0, 0, "free descriptors")),
    (by(ConnectionFlood), {"open": 190}, Measure(200, 190, "connections")),
    (by(GpuMemory), {"share": 0.94}, Measure(0.95, 0.94, "share")),
    (by(CpuLimit), {}, None),
])  # fmt: skip
def test_the_bite_as_a_number(fault: Fault, now: dict[str, Any], measure: Measure | None) -> None:
    assert fault.measured({}, now) == measure


def test_limits_heal_when_they_are_seen_gone() -> None:
    fault = DescriptorLimit()
    assert fault.healed({}, {"soft": 9, "soft_before": 1024, "alive": True}) == ""
    assert fault.healed({}, {"soft": 9, "soft_before": 1024, "alive": True, "ended": True}) == ""
    proof = fault.healed({}, {"soft": 1024, "soft_before": 1024, "alive": True, "ended": True})
    assert proof == "the limit is 1024 again"
    assert by(Pause, "cgroup-freezer").healed({}, {"state": "running", "frozen": True}) == ""
    ended = {"state": "gone", "ended_held": True}
    assert by(Pause, "signal").healed({"pid": 7}, ended) == "pid 7 was ended while it was frozen"
    assert by(Pause, "signal").healed({"pid": 7}, {**ended, "ended_held": False}) == ""
    assert by(CpuLimit, "duty-cycle").healed({}, {}) == ""
    for fault in (by(CpuSaturation), by(MemorySaturation, "host")):
        assert fault.healed({}, {"ended": True}) == ""
        assert fault.healed({}, {"ended": True, "processes": 1}) == ""
        assert fault.healed({}, {"ended": True, "processes": 0})
    duty = by(CpuLimit, "duty-cycle")
    assert duty.healed({}, {"ended": True}) == ""
    assert duty.healed({}, {"ended": True, "processes": 0, "held": 1}) == ""
    assert duty.healed({}, {"ended": True, "processes": 0, "held": 0})


@pytest.mark.parametrize("fault", [
    by(CpuLimit, "cgroup-cpu"), by(MemoryLimit, "cgroup-memory"), by(ProcessLimit, "cgroup-pids"),
], ids=lambda fault: fault.kind)  # fmt: skip
def test_a_control_group_is_gone_when_its_folder_is(fault: Fault) -> None:
    assert fault.healed({}, {"state": "running", "ended": True}) == ""
    assert fault.healed({}, {"state": "running", "ended": True, "there": True}) == ""
    assert fault.healed({}, {"state": "running", "ended": True, "there": False})


@pytest.mark.parametrize(("fault", "bites"), [
    (by(DescriptorLimit), {"left": 0, "left_min": 0}),
    (by(ProcessLimit, "rlimit"), {"left": 0}),
    (by(ProcessLimit, "cgroup-pids"), {"refused": 3}),
    (by(MemoryLimit, "rlimit"), {"left": 0}),
    (by(MemoryLimit, "cgroup-memory"), {"limit_hits": 3}),
    (by(CpuLimit, "cgroup-cpu"), {"nr_throttled": 3}),
    (by(Pause, "cgroup-freezer"), {"frozen": True, "state": "running"}),
], ids=lambda value: value.kind if isinstance(value, Fault) else "")  # fmt: skip
def test_nothing_bites_while_processes_of_the_service_are_outside(
    fault: Fault, bites: dict[str, Any]
) -> None:
    assert fault.holds
    assert fault.hurts({}, {**bites, "outside": 0})
    assert fault.hurts({}, {**bites, "outside": 1}) == ""


def test_who_was_killed_for_want_of_memory_was_hurt_whatever_came_after() -> None:
    proof = by(MemoryLimit, "cgroup-memory").hurts({}, {"oom_kills": 1, "outside": 1})
    assert "oom_kill 1" in proof and "not limited" in proof


def test_a_limit_that_was_reached_once_held_to_the_end() -> None:
    proof = by(DescriptorLimit).hurts({}, {"left": 2, "left_min": 0, "outside": 0})
    assert proof.startswith("none was left for a while")


@pytest.mark.parametrize("kind", [MemoryLimit, ProcessLimit, DescriptorLimit])
def test_a_soft_limit_is_off_when_the_kernel_says_so(kind: type[Fault]) -> None:
    fault = by(kind, "rlimit")
    now = {"state": "running", "ended": True, "alive": True, "soft": 9, "soft_before": 1024}
    assert fault.healed({}, now) == "" == fault.healed({}, {"state": "running", "ended": True})
    assert fault.healed({}, {**now, "soft": 1024}) == "the limit is 1024 again"
    assert fault.healed({}, {**now, "alive": False})


def test_looks_are_at_the_effect_and_at_the_process() -> None:
    assert by(OomKill).look(SERVER) == (EffectLook(0), EffectLook(2), ProcessLook("server"))
    assert by(Pause, "signal").look(SERVER) == ProcessLook("server")
