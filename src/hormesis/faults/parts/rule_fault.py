"""Rule faults: what all faults that are a rule on a volume of kind fuse have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from hormesis.words.fault import Mechanism
from hormesis.words.look import LinkLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall

Operation = Literal[
    "read", "write", "fsync", "open", "create", "unlink", "mkdir", "rmdir", "rename", "truncate",
    "setattr", "stat", "list", "close",
]  # fmt: skip
"""An operation on a file or folder, as faults name it."""

CHANGES = (
    "write", "open-write", "create", "unlink", "mkdir", "rmdir", "rename", "truncate", "setattr",
)  # fmt: skip
"""Every operation that changes something."""

BY_RULE = Mechanism("fuse", frozenset({Facet.FUSE}), frozenset({"fuse"}))
BY_STRACE = Mechanism("strace", frozenset({Facet.PROCESS}), frozenset({"strace"}))


def rule_call(target: Target, kind: str, **attributes: Any) -> VerbCall:
    """Return the call that adds a rule to *target*'s volume; the engine fills in its name."""
    args = {
        "subject": target.volume,
        "control": target.fuse,
        "name": kind,
        "toxic": kind,
        "attributes": attributes,
    }
    return VerbCall("toxic", args)


def rule_look(target: Target) -> LinkLook:
    """Return the look at the rule's own counters."""
    return LinkLook(target.volume or "", control=target.fuse or "")


def rule_is_gone(now: Reading) -> str:
    """Return the proof that the rule is gone, or an empty text."""
    return "the rule is gone from the volume" if now.get("active") is False else ""


def strace_call(target: Target, operations: Sequence[str], **config: Any) -> VerbCall:
    """Return the call that injects into the target's running processes.

    With a path, only files below it are hit, and only those open by then.
    """
    args = {
        "subject": target.service,
        "process": target.service,
        "program": "strace_io",
        "config": {"operations": list(operations), "path": target.path or "", **config},
    }
    return VerbCall("holder", args)


def strace_is_gone(now: Reading) -> str:
    """Return the proof that nothing is injected any more, or an empty text."""
    return "strace has let go of the process" if now.get("ended") else ""
