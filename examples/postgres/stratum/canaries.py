"""Planted defects: off unless ``STRATUM_CANARY`` names them, each where such a bug would be."""

from __future__ import annotations

import os
from typing import Literal, get_args

Canary = Literal[
    "stamp-ambiguous", "message-stripped", "version-text-order", "quotes-not-doubled",
    "commit-without-lock", "version-read-modify-write", "branch-check-then-insert",
    "lock-order", "serialization-not-retried",
    "change-in-two-transactions", "savepoint-not-rolled-back", "parent-not-constrained",
    "key-ignored",
    "connection-leaked", "history-in-memory", "columns-cut", "stamp-truncated",
    "full-disk-swallowed",
    "drift-not-detected", "metadata-not-verified", "dangling-not-detected",
    "migration-half-done", "journal-says-done", "migration-run-twice",
    "repair-hides-corruption", "repair-misses-heads", "repair-of-the-living",
    "lookup-by-scan", "readers-locked",
]  # fmt: skip


def planted(name: Canary) -> bool:
    """Tell whether the defect is switched on.

    Raises ``ValueError`` if the environment names one that does not exist.
    """
    named = {one.strip() for one in os.environ.get("STRATUM_CANARY", "").split(",")} - {""}
    if unknown := named - set(get_args(Canary)):
        raise ValueError(f"STRATUM_CANARY: unknown: {', '.join(sorted(unknown))}")
    return name in named
