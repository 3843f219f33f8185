"""A queueing discipline on the loopback device of a network namespace outside the run."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

from hormesis.host.means import htb
from hormesis.host.packets.discipline import LOOPBACK, Place, untouched

if TYPE_CHECKING:
    from tests.crash.case import Case

namespaces: dict[str, subprocess.Popen[bytes]] = {}


def missing() -> str:
    return htb.missing() if os.geteuid() == 0 else "only root may enter a network namespace"


def prepare(case: Case) -> None:
    namespaces[case.run] = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo there; exec sleep 600"], stdout=subprocess.PIPE
    )
    stdout = namespaces[case.run].stdout
    assert stdout is not None and stdout.readline()


def args(case: Case) -> dict[str, Any]:
    return {
        "subject": "stage", "discipline": "htb", "rate": 10_000, "netns": _path(case),
        "ports": [7001],
    }  # fmt: skip


def bites(case: Case) -> bool:
    return not untouched(*_root(case))


def left(case: Case) -> list[str]:
    kind, handle = _root(case)
    return [] if untouched(kind, handle) else [f"the queueing discipline {kind} {handle} is there"]


def clean(case: Case) -> None:
    process = namespaces.pop(case.run)
    process.kill()
    process.communicate()


def _path(case: Case) -> str:
    return f"/proc/{namespaces[case.run].pid}/ns/net"


def _root(case: Case) -> tuple[str, str]:
    return Place(_path(case)).roots().get(LOOPBACK, ("noqueue", "0:"))
