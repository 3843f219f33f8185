"""Isolation: a network and a file system tree of one's own, without any privilege.

The whole command is started again inside new namespaces: the system under test, the load and the
faults then see one loopback interface that nobody else has, and whatever is done to it ends with
the last process inside. See ``user_namespaces(7)`` and ``unshare(1)``.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import sys
from collections.abc import Sequence

from hormesis.host.attempt import refusal
from hormesis.host.own_code import own_command
from hormesis.words.trouble import CapabilityTrouble, Problem

INSIDE = "HORMESIS_ISOLATED"
"""Set in the environment of a command that runs inside."""
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_INTERFACE = struct.Struct("16sh14x")


def isolate(arguments: Sequence[str]) -> None:
    """Start this command again inside, with *arguments*; return at once when it is inside.

    Root keeps its identity. Anybody else gets a user namespace too, in which the own user id
    stays what it is and has every right over the new namespaces.

    Raises:
        CapabilityTrouble: this machine does not let it.
    """
    if os.environ.get(INSIDE):
        _raise_loopback()
        return
    unshare = shutil.which("unshare")
    if unshare is None:
        raise CapabilityTrouble(
            Problem("--isolated needs the program unshare", hint="apt-get install util-linux")
        )
    user = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    command = [unshare, *user, "--net", "--mount"]
    if why := refusal([*command, "true"]):
        raise CapabilityTrouble(
            Problem(f"--isolated is refused here: {why}", hint="see `hormesis doctor`")
        )
    inside = {**os.environ, INSIDE: "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    os.execve(unshare, [*command, *own_command(*arguments)], inside)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        name, flags = b"lo", 0
        answer = fcntl.ioctl(asking, _SIOCGIFFLAGS, _INTERFACE.pack(name, flags))
        _, flags = _INTERFACE.unpack(answer)
        fcntl.ioctl(asking, _SIOCSIFFLAGS, _INTERFACE.pack(name, flags | _IFF_UP))
