"""Narrowing the CPU or memory that a container may take; undo widens it to what it was.

The engine reads 0 in an update as "leave it", so that "no limit" has to be put back in other
words: a CPU quota of -1, and limits of memory, and of memory and swap together, that are larger
than any machine. An engine does not pass a swap limit of -1 on, and a kernel with control groups
of version 2 counts swap alone, so the two limits lie far apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hormesis.host.containers.state import ContainerState, under_way
from hormesis.host.containers.usage import usage_of
from hormesis.host.docker_api import Engine, container_path
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone
from hormesis.words.verb import Undone

PERIOD_US = 100_000
"""The kernel's period of CPU bandwidth control, in microseconds, unless a container has its own."""
UNLIMITED_BYTES = 1 << 62
"""A memory limit from here on is none, in bytes."""
UNLIMITED_SWAP_BYTES = (1 << 63) - 4096
"""The same for memory and swap together: the kernel's largest whole number of pages."""
_UPDATE_S = 1.0
_START_S = 30.0
_KEYS = ("NanoCpus", "CpuQuota", "CpuPeriod", "Memory", "MemorySwap")


def capture(engine: Engine, state: ContainerState, args: Args) -> Facts:
    """Work out the update and the one that takes it back."""
    before = _limits(state, _KEYS)
    told = _in_words(before, "_before")
    for key, updates in (("cpus", cpu_updates), ("memory_bytes", memory_updates)):
        if args.get(key) is None:
            continue
        asked, was = args[key], told[f"{key}_before"]
        if was and asked >= was:
            raise NothingDone(f"{key} of container {state.name!r} is limited to {was:g} already")
        ours, theirs = updates(asked, before)
        return {"ours": ours, "theirs": theirs, "pid": state.pid, **told}
    raise NothingDone("the action update needs cpus or memory_bytes")


def perform(engine: Engine, args: Args, facts: Facts) -> Steps[Facts]:
    """Update it."""
    yield from engine.post(container_path(facts["id"], "update"), facts["ours"])
    return {"updated": True, "usage": usage_of(facts["pid"], facts["id"])}


def undo(engine: Engine, state: ContainerState, args: Args, facts: Facts) -> Steps[Undone]:
    """Put the former limits back, unless somebody has set others meanwhile."""
    ours, theirs = facts["ours"], facts["theirs"]
    now = _limits(state, ours)
    path = container_path(facts["id"], "update")
    if _same(now, theirs):
        if "updated" in facts:
            return Undone.GONE
        seen = yield from under_way(
            engine, facts, _UPDATE_S, lambda seen: not _same(_limits(seen, ours), theirs)
        )
        now = _limits(seen or state, ours)
        if _same(now, theirs):
            return Undone.GONE
    if not _same(now, ours):
        return Undone.NOT_MINE
    yield from engine.post(path, theirs)
    if not state.runs and state.started_at == facts["started_at"]:
        # It did not survive the limit.
        yield from engine.post(container_path(facts["id"], "start"), timeout_s=_START_S)
    return Undone.DONE


def read(engine: Engine, state: ContainerState, facts: Facts) -> dict[str, Any]:
    """Return the limits, what it takes of them, and what it took when they were set."""
    now = _limits(state, _KEYS)
    before = {key: value for key, value in facts.items() if key.endswith("_before")}
    reading = {**_in_words(now, ""), **before}
    if state.runs:
        reading.update(usage_of(state.pid, state.id))
    first = facts.get("usage") or {}
    reading.update({f"{key}_first": value for key, value in first.items()})
    reading["oom_killed"] = bool((state.account.get("State") or {}).get("OOMKilled"))
    return reading


def cpu_updates(
    cpus: float, before: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return the update to *cpus* (1.0 is one whole CPU), and the one that takes it back.

    The engine refuses a quota where the limit was given as a number of CPUs, and the reverse.
    """
    if before["NanoCpus"]:
        return {"NanoCpus": round(cpus * 1e9)}, {"NanoCpus": before["NanoCpus"]}
    period = before["CpuPeriod"] or PERIOD_US
    return {"CpuQuota": round(cpus * period)}, {"CpuQuota": before["CpuQuota"] or -1}


def memory_updates(
    limit: int, before: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return the update to *limit* bytes without swap, and the one that takes it back."""
    ours = {"Memory": limit, "MemorySwap": limit}
    if not before["Memory"]:
        return ours, {"Memory": UNLIMITED_BYTES, "MemorySwap": UNLIMITED_SWAP_BYTES}
    # Left at 0, swap is as much again as memory.
    swap = before["MemorySwap"] or 2 * before["Memory"]
    return ours, {
        "Memory": before["Memory"],
        "MemorySwap": swap if swap > 0 else UNLIMITED_SWAP_BYTES,
    }


def _limits(state: ContainerState, keys: Iterable[str]) -> dict[str, int]:
    return {key: int(state.host_config.get(key) or 0) for key in keys}


def _in_words(limits: Mapping[str, int], suffix: str) -> dict[str, Any]:
    """Return limits as numbers with units; 0 means none."""
    period = limits["CpuPeriod"] or PERIOD_US
    cpus = limits["NanoCpus"] / 1e9 or max(limits["CpuQuota"], 0) / period
    memory = 0 if limits["Memory"] >= UNLIMITED_BYTES else limits["Memory"]
    return {f"cpus{suffix}": cpus, f"memory_bytes{suffix}": memory}


def _same(now: Mapping[str, int], then: Mapping[str, int]) -> bool:
    return all(_canonical(now.get(key, 0)) == _canonical(value) for key, value in then.items())


def _canonical(limit: int) -> int:
    return 0 if limit < 0 or limit >= UNLIMITED_BYTES else limit
