"""Leftovers: what on this host bears the mark of a run, whatever its ledger says.

A second opinion on "everything is put back": it asks the kernel, not the toolkit.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hormesis.host.tree import mark_of, processes

_CGROUPS = Path("/sys/fs/cgroup")


def leftovers(run_id: str) -> list[str]:
    """Return a sentence for each thing of the run that is still there; empty is right."""
    return [*_processes(run_id), *_mounts(run_id), *_cgroups(run_id), *_files(run_id)]


def _processes(run_id: str) -> Iterator[str]:
    for stat in processes():
        mark = mark_of(stat.pid)
        if mark.startswith(f"{run_id}/"):
            yield f"process {stat.pid} bears the mark {mark}"


def _mounts(run_id: str) -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        if run_id in line:
            yield f"{line.split()[4]} is mounted"


def _cgroups(run_id: str) -> Iterator[str]:
    for folder, inside, _ in os.walk(_CGROUPS):
        yield from (f"cgroup {folder}/{name} is there" for name in inside if run_id in name)


def _files(run_id: str) -> Iterator[str]:
    folder = Path(tempfile.gettempdir())
    yield from (f"{path} is there" for path in sorted(folder.glob(f"*{run_id}*")))
