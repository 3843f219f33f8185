"""Which network namespace a target lives in, and how to enter it."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Mapping
from typing import Any

from hormesis.host.docker_api import SOCKET, Engine, EngineTrouble, container_path
from hormesis.host.steps import drive

_CLONE_NEWNET = 0x40000000
_OWN = "/proc/self/ns/net"


class Absent(Exception):
    """The namespace is not there, or may not be entered; the text says why."""


def namespace_of(config: Mapping[str, Any]) -> str:
    """Return the path of the namespace that a holder's configuration means.

    ``netns`` is a path; ``pid`` a process; ``container`` a container's name or id, asked of the
    engine at the socket ``docker``. Without any it is our own.

    Raises:
        Absent: there is no such container or process.
    """
    if config.get("netns"):
        return str(config["netns"])
    pid = config.get("pid")
    if config.get("container"):
        pid = _pid_of(str(config["container"]), str(config.get("docker") or SOCKET))
    return f"/proc/{pid}/ns/net" if pid else _OWN


def enter(path: str) -> bool:
    """Move this thread, and those it starts, into a network namespace; return whether it is new.

    Raises:
        Absent: it is not there, or this user may not enter it.
    """
    try:
        there, here = os.stat(path), os.stat(_OWN)
    except OSError as error:
        raise Absent(f"there is no network namespace {path} ({error.strerror})") from error
    if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
        return False
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(fd, _CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            why = "it takes root" if code == errno.EPERM else os.strerror(code)
            raise Absent(f"the network namespace {path} cannot be entered: {why}")
    finally:
        os.close(fd)
    return True


def _pid_of(container: str, engine: str) -> int:
    try:
        told = drive(Engine(engine).get(container_path(container, "json")))
    except EngineTrouble as error:
        raise Absent(str(error)) from error
    pid = int((told.get("State") or {}).get("Pid") or 0)
    if not pid:
        raise Absent(f"the container {container} does not run")
    return pid
