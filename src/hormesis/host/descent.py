"""Descent: the living children of services, told by their command lines."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from hormesis.host.process import Identity, read_proc
from hormesis.host.tree import processes


def command_line(pid: int) -> str:
    """Return the command line of *pid*, its words joined by blanks; empty when it is gone."""
    words = read_proc(pid, "cmdline").rstrip(b"\0").split(b"\0")
    return b" ".join(words).decode(errors="replace")


def matches(line: str, matching: str) -> bool:
    """Return whether *line* holds *matching*, as it is written or as a pattern."""
    return matching in line or fnmatchcase(line, f"*{matching}*")


def children_of(parents: Iterable[Iterable[Identity]], matching: str) -> list[Identity]:
    """Return the living processes that match below each parent, the oldest first.

    Each parent is given as the list of all that make it up, itself first. What stands below one
    that matches is part of that one and is not searched.
    """
    roots, members = set[int](), dict[int, Identity]()
    for family in parents:
        whole = list(family)
        roots |= {who.pid for who in whole[:1]}
        members |= {who.pid: who for who in whole[1:]}
    fitting = {
        pid: who for pid, who in members.items()
        if pid not in roots and matches(command_line(pid), matching)
    }  # fmt: skip
    above = {stat.pid: stat.parent for stat in processes()}
    found = [who for who in fitting.values() if not _below(who.pid, fitting, above)]
    return sorted((who for who in found if who.alive), key=lambda who: (who.start, who.pid))


def _below(pid: int, others: Iterable[int], above: dict[int, int]) -> bool:
    """Return whether one of *others* is a forebear of *pid*."""
    known = set(others)
    seen = set[int]()
    while (pid := above.get(pid, 0)) and pid not in seen:
        if pid in known:
            return True
        seen.add(pid)
    return False
