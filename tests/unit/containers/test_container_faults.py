"""Container faults: what they ask for, and what they take for a bite."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from hormesis.faults.container_cpu_limit import ContainerCpuLimit
from hormesis.faults.container_disconnect import ContainerDisconnect
from hormesis.faults.container_kill import ContainerKill
from hormesis.faults.container_memory_limit import ContainerMemoryLimit
from hormesis.faults.container_pause import ContainerPause
from hormesis.faults.container_restart import ContainerRestart
from hormesis.faults.container_stop import ContainerStop
from hormesis.faults.parts.container_fault import ContainerFault
from hormesis.words.fault import Measure, NoWay, chosen
from hormesis.words.look import AddressLook, EffectLook
from hormesis.words.target import Target

BOX = Target("box", container="web-1", docker="/run/x.sock")
ALL: list[ContainerFault] = [
    ContainerKill(), ContainerStop(), ContainerRestart(), ContainerPause(), ContainerDisconnect(),
    ContainerCpuLimit(cpus=0.5), ContainerMemoryLimit.model_validate({"memory": "16MiB"}),
]  # fmt: skip
LIFE = {"name": "web-1", "started_before": "1", "started_at": "1", "status": "running"}


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.kind)
def test_a_fault_is_one_call_on_its_container(fault: ContainerFault) -> None:
    (call,) = fault.verbs(BOX, Random(7))
    assert call.verb == "container"
    assert call.args["subject"] == call.args["container"] == "web-1"
    assert call.args["docker"] == "/run/x.sock"
    assert fault.look(BOX) == EffectLook()


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.kind)
def test_nothing_bites_or_heals_before_anything_was_read(fault: ContainerFault) -> None:
    assert fault.hurts({}, {}) == fault.healed({}, {}) == ""
    assert fault.measured({}, {}) is None


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.kind)
def test_without_an_engine_it_is_skipped(fault: ContainerFault) -> None:
    with pytest.raises(NoWay, match="no engine here") as caught:
        chosen(fault, BOX, {"docker": "no engine here"})
    assert caught.value.lacking


ENDED: list[tuple[dict[str, Any], str]] = [
    (LIFE, ""),
    ({**LIFE, "status": "exited", "exit_code": 137}, "container web-1 has ended with status 137"),
    ({**LIFE, "status": "running", "started_at": "2"}, "container web-1 has ended"),
    ({**LIFE, "status": "removed"}, "container web-1 is gone"),
]


@pytest.mark.parametrize(("now", "proof"), ENDED)
def test_an_end_is_the_end_of_one_life(now: dict[str, Any], proof: str) -> None:
    assert ContainerKill().hurts({}, now) == proof


def test_only_another_life_is_recovery_from_an_end() -> None:
    fault = ContainerStop()
    assert not fault.healed({}, LIFE)
    assert not fault.healed({}, {**LIFE, "status": "exited", "started_at": "2"})
    assert fault.healed({}, {**LIFE, "started_at": "2"}) == "container web-1 runs again"


def test_a_pause_is_over_when_it_goes_on() -> None:
    fault = ContainerPause()
    assert fault.hurts({}, {**LIFE, "status": "paused", "paused": True})
    assert not fault.hurts({}, {**LIFE, "paused": False})
    assert fault.healed({}, {**LIFE, "paused": False})
    assert not fault.healed({}, {**LIFE, "status": "exited", "paused": False})


AWAY = {**LIFE, "names": "shop", "networks": 0, "networks_before": 1, "moved": ""}
BACK = {**AWAY, "networks": 1}


def test_a_known_address_must_agree_that_it_is_away_and_back() -> None:
    fault, target = ContainerDisconnect(), Target("box", container="web-1", address="10.0.0.1:80")
    assert fault.look(target) == (EffectLook(), AddressLook("10.0.0.1:80"))
    before = {"connect": "ok"}
    assert fault.hurts({}, AWAY) == "container web-1 is off shop"
    assert fault.hurts(before, {**AWAY, "connect": "ok"}) == ""
    assert fault.hurts(before, {**AWAY, "connect": "timeout"}).endswith("a connect: timeout")
    assert fault.healed({}, BACK) == "container web-1 is on shop again"
    assert fault.healed(before, {**BACK, "connect": "timeout"}) == ""
    assert "at another address" in fault.healed({}, {**BACK, "moved": "shop"})


def test_a_cpu_limit_bites_once_the_kernel_held_back() -> None:
    fault = ContainerCpuLimit(cpus=0.5)
    idle = {
        **LIFE, "cpus": 0.5, "cpus_before": 0.0, "throttled": 3, "throttled_first": 3,
        "cpu_s": 1.0, "cpu_s_first": 1.0, "at_s": 12.0, "at_s_first": 10.0,
    }  # fmt: skip
    assert fault.hurts({}, idle) == ""
    busy = {**idle, "throttled": 23, "cpu_s": 2.02}
    assert fault.hurts({}, busy) == "held back 20 times, took 0.51 CPUs (limit 0.5)"
    assert fault.measured({}, busy) == Measure(0.5, pytest.approx(0.51), "CPUs")
    assert fault.measured({}, {**busy, "at_s": 10.1}) is None
    assert fault.healed({}, busy) == ""
    assert fault.healed({}, {**busy, "cpus": 0.0}) == "it has no CPU limit again"


MEETS: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"memory_refused": 4}, "met the limit of 16MiB 4 times"),
    ({"oom_kills": 2}, "the kernel killed 2 of its processes at the limit of 16MiB"),
    ({"status": "exited"}, "container web-1 ended under the limit of 16MiB"),
    ({"started_at": "2"}, "container web-1 ended under the limit of 16MiB"),
    ({"memory_refused": 4, "memory_bytes": 0}, ""),
]


@pytest.mark.parametrize(("more", "proof"), MEETS)
def test_a_memory_limit_bites_once_it_was_met(more: dict[str, Any], proof: str) -> None:
    fault = ContainerMemoryLimit.model_validate({"memory": "16MiB"})
    first = {"memory_refused_first": 0, "oom_kills_first": 0}
    now = {**LIFE, "memory_bytes": 16 << 20, "memory_bytes_before": 0, **first, **more}
    assert fault.hurts({}, now) == proof


def test_a_memory_limit_is_over_when_it_is_back_and_the_container_runs() -> None:
    fault = ContainerMemoryLimit.model_validate({"memory": "16MiB"})
    now = {**LIFE, "memory_bytes": 64 << 20, "memory_bytes_before": 64 << 20}
    assert fault.healed({}, now) == "the limit is 64MiB again"
    assert fault.healed({}, {**now, "status": "exited"}) == ""
    assert fault.healed({}, {**now, "memory_bytes": 16 << 20}) == ""
