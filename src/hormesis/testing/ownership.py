"""Whose a database or schema is, and whether its owner lives: told by its name, a lock, a comment.

A name of ours ends in a checksum of itself, so nobody else's is taken for ours. Its owner holds an
advisory lock on the number that the name gives, which the server lets go when the owner dies. A
comment names the owner's process too: on the same machine a living one is always believed, so that
a lock lost together with its connection does not cost a live run its database.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from hormesis.host.process import Identity

_NAME = re.compile(r"(hormesis_([0-9a-f]{8})([0-9a-f]{4}))(_[a-z0-9_]+)?")
_LOCK_CLASS = 0x484F524D
LOCKED = f"""
SELECT objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2 AND classid::bigint = {_LOCK_CLASS}
"""
"""Which numbers are locked, in whatever database of the server their owners are."""


@dataclass(frozen=True, slots=True)
class Name:
    """The name of what one process owns; everything else it makes has a name that begins so."""

    text: str

    @classmethod
    def drawn(cls, rng: Random) -> Name:
        """Return a new one."""
        middle = f"{rng.getrandbits(32):08x}"
        return cls(f"hormesis_{middle}{_check(middle)}")

    @classmethod
    def of(cls, text: str) -> Name | None:
        """Return the owner's part of *text*; None when it is no name of ours."""
        found = _NAME.fullmatch(text)
        return cls(found[1]) if found and _check(found[2]) == found[3] else None

    @property
    def number(self) -> int:
        """The number that its owner locks, from 0 to 2**32 - 1."""
        return int(self.text[9:17], 16)

    @property
    def lock(self) -> str:
        """The statement that takes the lock, or waits for it."""
        signed = self.number - (1 << 32) if self.number >= 1 << 31 else self.number
        return f"SELECT pg_advisory_lock({_LOCK_CLASS}, {signed})"


def _check(middle: str) -> str:
    return f"{zlib.crc32(b'hormesis ' + middle.encode()) & 0xFFFF:04x}"


def owner_comment() -> str:
    """Return what says, in a comment, that this process is the owner."""
    me = Identity.of(os.getpid())
    facts = {"machine": _machine(), "process": me.to_json() if me else None}
    return f"hormesis: {json.dumps(facts)}"


def owner_lives(comment: str | None) -> bool | None:
    """Return whether the process that *comment* names lives; None: nobody here can know."""
    facts: Mapping[str, Any] = {}
    with suppress(ValueError):
        facts = json.loads((comment or "").removeprefix("hormesis: "))
    if not isinstance(facts, dict) or facts.get("machine") != _machine():
        return None
    who = Identity.from_json(facts.get("process"))
    return who is not None and who.alive


def _machine() -> str:
    """Return what is the same wherever a process's number means the same process."""
    told = []
    with suppress(OSError):
        told.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        told.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(told)
