"""Fingerprint: the state of processes and of this host that a run may change and must put back.

A third opinion beside the ledger and the marks: it knows nothing of runs and compares what it saw
before with what it sees after. What the kernel hides from this user is not compared.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hormesis.host.mounts import mounts
from hormesis.host.packets.discipline import Place, TcFailed
from hormesis.host.packets.netlink import NETFILTER, Netlink, attributes
from hormesis.host.process import Identity, read_proc, stat_of
from hormesis.host.tree import tree

CLOCK_S = 1.0
"""By how much the wall clock may have been slewed between two fingerprints, in seconds."""
_OURS = "hormesis-"
"""What bears the mark of a run is found by it, and may be of another run."""
_GET_TABLE = 10 << 8 | 1
_TABLE_NAME = 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``members`` tell each process's state by what it is called; ``host`` is what there is."""

    members: Mapping[Identity, Mapping[str, str]] = field(default_factory=dict)
    host: frozenset[str] = frozenset()
    clock_s: float = 0.0

    def changes(self, after: Fingerprint) -> list[str]:
        """Return a sentence for each difference; what ended or went away is none."""
        told = []
        for who, before in self.members.items():
            now = after.members.get(who, {})
            told += [
                f"process {who.pid} has {name} {now[name]}, before {before[name]}"
                for name in sorted(before.keys() & now.keys()) if before[name] != now[name]
            ]  # fmt: skip
        told += [f"{thing}, which was not there before" for thing in sorted(after.host - self.host)]
        drift_s = after.clock_s - self.clock_s
        if abs(drift_s) > CLOCK_S:
            told.append(f"the wall clock moved by {drift_s:+.1f} s")
        return told


def fingerprint(pids: Iterable[int]) -> Fingerprint:
    """Return how the trees of *pids* and this host stand."""
    roots = [who for pid in pids if (who := Identity.of(pid)) is not None]
    members = {one: _state(one.pid) for root in roots for one in tree(root)}
    host = frozenset([*_mounted(), *_tables(), *_disciplines()])
    since_boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    return Fingerprint(members, host, time.clock_gettime(time.CLOCK_REALTIME) - since_boot_s)


def _state(pid: int) -> dict[str, str]:
    stat = stat_of(pid)
    state = {
        "the stop state": "" if stat is None else "stopped" if stat.stopped else "running",
        "the oom_score_adj": read_proc(pid, "oom_score_adj").decode().strip(),
    }
    with suppress(OSError):
        state["the niceness"] = str(os.getpriority(os.PRIO_PROCESS, pid))
        state["the CPUs"] = str(sorted(os.sched_getaffinity(pid)))
    for line in read_proc(pid, "limits").decode(errors="replace").splitlines()[1:]:
        name, _, values = line.partition("  ")
        state[f"the limit {name.lower()}"] = " ".join(values.split()[:2])
    for line in read_proc(pid, "cgroup").decode(errors="replace").splitlines():
        number, names, path = line.split(":", 2)
        state[f"the control group ({names or number})"] = path
    return {name: value for name, value in state.items() if value}


def _mounted() -> Iterator[str]:
    for mount in mounts():
        if _OURS not in f"{mount.source} {mount.path} {mount.backing}":
            yield f"{mount.path} ({mount.sort}, {'read-only' if mount.read_only else 'writable'})"


def _tables() -> Iterator[str]:
    try:
        link = Netlink(NETFILTER)
    except OSError:
        return
    try:
        for answer in link.dump(_GET_TABLE, struct.pack("=BBH", 0, 0, 0)):
            name = attributes(answer, 4).get(_TABLE_NAME, b"").rstrip(b"\0").decode()
            if not name.startswith(_OURS):
                yield f"the nftables table {name}"
    except OSError:
        return  # Hidden from this user.
    finally:
        link.close()


def _disciplines() -> Iterator[str]:
    try:
        roots = Place().roots()
    except (TcFailed, ValueError):
        return
    for device, (kind, handle) in roots.items():
        yield f"the discipline {kind} {handle} on {device}"
