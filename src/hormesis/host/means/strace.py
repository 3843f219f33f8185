"""``strace``: failing or deadly system calls in running programs of any language."""

from __future__ import annotations

import os

from hormesis.host.attempt import refusal

USE = "faults at system calls of running programs (crash-at, disk faults)"
REMEDY = "apt-get install strace; another's process takes root or kernel.yama.ptrace_scope=0"
_SCOPE = "/proc/sys/kernel/yama/ptrace_scope"


def missing() -> str:
    """Trace a program that does nothing; return why that, or attaching to another, fails."""
    reason = refusal(["strace", "-qq", "-o", "/dev/null", "-e", "trace=none", "true"])
    if reason or os.geteuid() == 0:
        return reason
    try:
        with open(_SCOPE, encoding="ascii") as file:
            scope = file.read().strip()
    except OSError:
        return ""  # Without that security module a user may trace all of their processes.
    return "" if scope == "0" else f"kernel.yama.ptrace_scope is {scope}, and this is not root"
