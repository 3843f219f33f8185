"""A container of an engine of the tests' own; the actions take turns over the cells of the grid."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from tests import container_engine
from tests.container_engine import NETWORK, shared_engine

if TYPE_CHECKING:
    from tests.crash.case import Case

ACTIONS: dict[str, dict[str, Any]] = {
    "kill": {"action": "kill"},
    "stop": {"action": "stop", "grace_s": 0},
    "pause": {"action": "pause"},
    "disconnect": {"action": "disconnect"},
    "cpu": {"action": "update", "cpus": 0.5},
    "memory": {"action": "update", "memory_bytes": 16 << 20},
}
_ADDRESSES = count(2)


def missing() -> str:
    return container_engine.missing()


def args(case: Case) -> dict[str, Any]:
    name = _name(case)
    socket = shared_engine().socket
    return {"subject": "stage", "container": name, "docker": socket, **ACTIONS[action_of(case)]}


def prepare(case: Case) -> None:
    # A container takes its time, and the engine of a case does not beat while it waits.
    case.lease_s = max(case.lease_s, 2.0)
    # Chosen, so that no container of another case is given it while this one is away.
    address = f"172.31.98.{next(_ADDRESSES)}"
    shared_engine().run(_name(case), "--network", NETWORK, "--ip", address, "--memory", "64m")
    _former(case).write_text(_standing(case))


def clean(case: Case) -> None:
    shared_engine().remove(_name(case))


def bites(case: Case) -> bool:
    return _standing(case) != _former(case).read_text()


def left(case: Case) -> list[str]:
    was, now = _former(case).read_text(), _standing(case)
    return [] if was == now else [f"the container was {was} and is {now}"]


def action_of(case: Case) -> str:
    """Return which action a case is about: that of the folder around its own, else any."""
    named = case.stage.folder.parent.name
    cell = f"{case.step} {case.victim}"
    return named if named in ACTIONS else list(ACTIONS)[crc32(cell.encode()) % len(ACTIONS)]


def _name(case: Case) -> str:
    return f"crash-{crc32(case.run.encode()):08x}"


def _former(case: Case) -> Path:
    return case.stage.folder / "container"


def _standing(case: Case) -> str:
    account = shared_engine().account(_name(case))
    limits, endpoint = account["HostConfig"], account["NetworkSettings"]["Networks"].get(NETWORK)
    return str({
        "status": account["State"]["Status"],
        "cpus": max(limits["CpuQuota"], 0),
        "memory": limits["Memory"],
        "swap": limits["MemorySwap"],
        "address": endpoint and (endpoint["IPAddress"], endpoint["Aliases"]),
    })  # fmt: skip
