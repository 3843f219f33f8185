"""The closed list of failure modes, and which evidence covers each.

Evidence is a *word* that something noted after it had really happened: the kind of a fault that
bit, a race whose operations overlapped, an error that the server answered, an example that a
strategy drew. A marker on a test is a promise and covers nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CATEGORIES = (
    "property", "concurrent", "transaction", "resource", "corruption", "migration", "recovery",
    "load",
)  # fmt: skip
"""The categories of chaos tests, named as their markers are."""

NO_FAILURE = frozenset({"retry"})
"""Words that are noted and are no failure mode: nothing fails by them."""

OWN_WORDS = frozenset({
    "random-delay", "connection-failure", "retry", "deadlock", "load", "long-transaction",
    "pool-exhausted", "race", "serialization-failure", "constraint-violation", "connection-lost",
    "lock-timeout",
})  # fmt: skip
"""Words of evidence that are no kind of the shelf of faults."""
DRAWN = "drawn-"
"""How words begin that say what a Hypothesis strategy drew: ``drawn-identifiers``."""


@dataclass(frozen=True)
class Mode:
    """One way to fail that a test can bring about."""

    name: str
    category: str
    told: str
    words: frozenset[str]
    """Evidence of any of these words covers it."""
    marked: bool = False
    """Only evidence of tests that bear the category's marker counts."""


_CUT_OFF = (
    "connection-failure", "connection-lost", "postgres-kill-connections", "postgres-kill-backend",
    "reset", "down", "timeout", "slow-close", "limit-data",
)  # fmt: skip
_GONE = ("kill", "oom-kill", "crash-at", "crash-in-flight", "container-kill")
_SLOW = ("postgres-delay", "postgres-slow-queries", "latency", "bandwidth", "slicer")


def _mode(category: str, name: str, told: str, *words: str, marked: bool = False) -> Mode:
    return Mode(name, category, told, frozenset(words), marked)


MODES: tuple[Mode, ...] = (
    _mode("property", "odd names", "names that need quotes, Unicode, 63 bytes, reserved words",
          "drawn-identifiers"),
    _mode("property", "values at the edge", "extreme and unusual values and rows",
          "drawn-values", "drawn-rows"),
    _mode("property", "any table", "any valid table with any valid columns",
          "drawn-tables", "drawn-schemas", "drawn-column_types"),
    _mode("property", "any text", "any message that can be stored", "drawn-messages"),
    _mode("property", "any version", "any version and the next one", "drawn-versions"),
    _mode("concurrent", "at the same instant", "operations released by a barrier", "race"),
    _mode("concurrent", "serialization failure", "a transaction refused with 40001",
          "serialization-failure"),
    _mode("concurrent", "deadlock", "a deadlock that the server resolved with 40P01",
          "deadlock", "postgres-deadlock"),
    _mode("concurrent", "waiting for a lock", "someone else holds what is needed",
          "postgres-lock", "lock-timeout"),
    _mode("concurrent", "delays between steps", "steps of workers that come in another order",
          "random-delay"),
    _mode("concurrent", "any program", "any operations of several clients", "drawn-programs"),
    _mode("transaction", "statement refused", "the server answers a statement with an error",
          "postgres-fail"),
    _mode("transaction", "statement slow", "an answer that takes long", *_SLOW),
    _mode("transaction", "connection lost", "the connection ends under the client", *_CUT_OFF),
    _mode("transaction", "constraint violated", "the server refuses data with 23…",
          "constraint-violation"),
    _mode("transaction", "left open", "a transaction that nobody ends",
          "long-transaction", "postgres-idle-in-transaction"),
    _mode("resource", "connections exhausted", "the server takes no more connections",
          "postgres-exhaust-connections", "connection-flood"),
    _mode("resource", "pool exhausted", "the pool has no connection left", "pool-exhausted"),
    _mode("resource", "disk full", "no space for data", "disk-full", "inodes"),
    _mode("resource", "memory short", "no memory left",
          "memory-saturation", "memory-limit", "container-memory-limit"),
    _mode("resource", "processor short", "no processor time left",
          "cpu-saturation", "cpu-limit", "container-cpu-limit"),
    _mode("resource", "descriptors exhausted", "no files can be opened", "descriptor-limit"),
    _mode("corruption", "changed behind its back", "data or schema changed by someone else",
          "postgres-corrupt"),
    _mode("corruption", "damaged on the way", "bytes that are not what was sent",
          "corrupt", "corrupt-packets"),
    _mode("corruption", "damaged on the disk", "the disk answers with errors",
          "io-error", "read-only"),
    _mode("migration", "any sequence", "any valid sequence of migrations", "drawn-migrations"),
    _mode("migration", "interrupted", "client, connection or server ends in the middle",
          *_CUT_OFF, *_GONE, "restart", "stop", marked=True),
    _mode("migration", "step refused", "a step that fails", "postgres-fail",
          "constraint-violation", marked=True),
    _mode("migration", "two at once", "two migrate at the same time", "race", marked=True),
    _mode("migration", "blocked", "a lock stands in the way", "postgres-lock", "lock-timeout",
          "long-transaction", "postgres-idle-in-transaction", marked=True),
    _mode("recovery", "crash", "a process is killed", *_GONE),
    _mode("recovery", "restart", "a process is stopped and started",
          "restart", "stop", "slow-shutdown", "container-restart", "container-stop"),
    _mode("recovery", "hang", "a process stands still", "pause", "container-pause"),
    _mode("recovery", "unreachable", "nothing comes through",
          "partition", "refuse", "down", "loss", "container-disconnect"),
    _mode("recovery", "any schedule of faults", "any faults in any order", "drawn-fault_schedules"),
    _mode("load", "sustained load", "many requests for some time", "load"),
    _mode("load", "a fault under load", "something breaks while there is load",
          *_CUT_OFF, *_GONE, *_SLOW, "restart", "stop", "pause", marked=True),
)  # fmt: skip
"""All failure modes; the share that is covered is a share of these."""

BY_WORD: Mapping[str, tuple[Mode, ...]] = {
    word: tuple(mode for mode in MODES if word in mode.words)
    for word in {word for mode in MODES for word in mode.words}
}
"""The modes that a word of evidence can cover."""


def is_listed(word: str) -> bool:
    """Return whether *word* stands for some mode, or is known to stand for none."""
    return word in BY_WORD or word in NO_FAILURE
