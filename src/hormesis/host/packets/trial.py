"""Trials: find out in a throw-away network namespace what the kernel lets us do to packets."""

from __future__ import annotations

import ctypes
import os
import sys
from random import Random

from hormesis.host.attempt import refusal
from hormesis.host.own_code import calling_main
from hormesis.host.packets.aim import Aim
from hormesis.host.packets.discipline import LOOPBACK, script
from hormesis.host.packets.line import Line, Tally
from hormesis.host.packets.nf_tables import permitted
from hormesis.host.packets.rules import Action, NoQueues, laid
from hormesis.host.packets.shaping import Shape
from hormesis.host.packets.sockets import TCP

_CLONE_NEWNET = 0x40000000
_BOOT = calling_main(__name__)
# What tc complains of first is the reason; its last line only tells where.
_BATCH = (
    'said=$(printf "%s\\n" "$1" | tc -batch - 2>&1 | head -1); [ -z "$said" ] ||'
    ' { echo "$said" >&2; exit 1; }'
)


def failed(what: str) -> str:
    """Try *what*, ``filter`` or ``queue``, in a process of its own; return why it fails."""
    return refusal([sys.executable, "-S", "-P", "-c", _BOOT, what])


def no_discipline(name: str) -> str:
    """Return why the queueing discipline *name* cannot be used; an empty text when it can."""
    if why := permitted():
        return why
    told = {"discipline": name, "rate": 1000, "delay_s": 0.001, "loss": 0.1}
    lines = "\n".join(script(LOOPBACK, "2:", Aim(endpoints=((TCP, 9),)), told, outside=False))
    return refusal(["unshare", "--net", "sh", "-c", _BATCH, "sh", lines])


def main() -> None:
    """Exit with the reason, or with success."""
    sys.exit(_tried(sys.argv[1]) or None)


def _tried(what: str) -> str:
    # Here first: who may do it in a new namespace may still not do it in this one.
    if why := permitted():
        return why
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        return f"no network namespace can be made: {os.strerror(ctypes.get_errno())}"
    aim = Aim(endpoints=((TCP, 9),))
    try:
        if what == "filter":
            laid("hormesis-trial", aim, Action("drop", share=0.5), 1.0).close()
        else:
            line = Line(Shape(delay_s=0.001), Random(1), Tally())
            laid("hormesis-trial", aim, _queued(line), 1.0).close()
    except NoQueues as error:
        return str(error)
    except OSError as error:
        return f"the kernel refuses it: {error.strerror}"
    return ""


def _queued(line: Line) -> Action:
    return Action("queue", queues={"to": line.queue.number, "from": line.queue.number})
