"""A companion: a small program of ours that runs beside a run and reports in JSON lines.

Its configuration is one JSON line on its standard input and is also its gate: until the line
arrives it does nothing, and end of file means that its starter is dead and that it must end.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from hormesis.host.children import Children
from hormesis.host.own_code import RUNNING_A_MODULE
from hormesis.host.process import MARK, Identity, ended
from hormesis.host.spawn import adopt_child
from hormesis.host.steps import Steps, Wait
from hormesis.host.verb_protocol import Args, NothingDone, Scene, VerbFailed

_CONFIG_BYTES_MAX = 1 << 20
_LINE_BYTES_MAX = 1 << 20


class Companion:
    """A running companion, seen from its starter: its first and its last line of report."""

    def __init__(self, module: str, mark: str, children: Children) -> None:
        """Start ``python -m module``; it waits for :meth:`configure`.

        Raises:
            NothingDone: it cannot be started, with the reason.
        """
        self.module = module
        self.first: dict[str, Any] = {}
        self.report: dict[str, Any] = {}
        self.lines = 0
        self._children = children
        self._rest = b""
        self._errors = os.memfd_create("hormesis-companion")
        stdin_read, self._stdin = os.pipe()
        self.stdout, stdout_write = os.pipe()
        os.set_blocking(self.stdout, False)
        try:
            child = subprocess.Popen(
                [sys.executable, "-P", "-c", RUNNING_A_MODULE, module],
                stdin=stdin_read, stdout=stdout_write, stderr=self._errors,
                env={**os.environ, MARK: mark}, start_new_session=True,
                **children.popen(module),
            )  # fmt: skip
            self.who: Identity = adopt_child(child, children)
        except (OSError, NothingDone) as error:
            self.close()
            raise NothingDone(f"{module} cannot be started: {error}") from error
        finally:
            os.close(stdin_read)
            os.close(stdout_write)

    def configure(self, config: Mapping[str, Any], *, keep_open: bool) -> None:
        """Send the configuration, which lets it begin; ``keep_open`` keeps the lifeline.

        Raises:
            VerbFailed: the configuration is larger than 1 MiB.
        """
        line = json.dumps(config).encode() + b"\n"
        if len(line) > _CONFIG_BYTES_MAX:
            raise VerbFailed(f"the configuration of {self.module} is larger than 1 MiB")
        if len(line) > 1 << 16:  # A pipe's default size; a larger write would block us.
            fcntl.fcntl(self._stdin, fcntl.F_SETPIPE_SZ, _CONFIG_BYTES_MAX)
        try:
            os.write(self._stdin, line)
        except BrokenPipeError:
            return  # It has ended already; whoever waits for it sees that.
        if not keep_open:
            self.let_go()

    def pump(self) -> bool:
        """Read what it has printed; return False once there will be no more."""
        while self.stdout >= 0:
            try:
                data = os.read(self.stdout, 1 << 16)
            except BlockingIOError:
                return True
            if not data:
                os.close(self.stdout)
                self.stdout = -1
                break
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._rest = self._rest[-_LINE_BYTES_MAX:]
            for line in lines:
                self._take(line)
        return False

    def _take(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            return
        if isinstance(said, dict):
            self.first = self.first or said
            self.report = said
            self.lines += 1

    def wait(self, until: float, *, lines: int | None = None) -> Steps[bool]:
        """Wait for its end, or for its ``lines``-th report; return False when *until* came first.

        ``until`` counts seconds of CLOCK_MONOTONIC.
        """
        while True:
            flowing = self.pump()
            if lines is not None and self.lines >= lines:
                return True
            if not flowing:
                return (yield from ended([self.who], until))
            if not self.who.alive:
                return True
            if time.monotonic() >= until:
                return False
            # It may end while a child of its own keeps the pipe open, hence the short look.
            yield Wait(min(until, time.monotonic() + 0.25), (self.stdout,))

    @property
    def status(self) -> int | None:
        """Return its exit status, minus the signal's number, or None while it runs."""
        return None if self.who.alive else self._children.status_of(self.who.pid)

    def complaint(self) -> str:
        """Return the end of what it wrote to standard error, on one line."""
        size = os.fstat(self._errors).st_size
        text = os.pread(self._errors, 4096, max(0, size - 4096)).decode(errors="replace")
        return " | ".join(line.strip() for line in text.splitlines()[-5:] if line.strip())

    def let_go(self) -> None:
        """Close its lifeline, which tells it to end."""
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1

    def close(self) -> None:
        """Close every descriptor; it is told to end by that."""
        self.let_go()
        for fd in (self.stdout, self._errors):
            if fd >= 0:
                os.close(fd)
        self.stdout = self._errors = -1


def of_process(scene: Scene, args: Args) -> dict[str, Any]:
    """Return ``pid`` and ``pids`` (the whole tree) of the service that ``process`` names, if any.

    Raises:
        NothingDone: there is no such service, or it is not running.
    """
    if not args.get("process"):
        return {}
    service = scene.services.need(str(args["process"]))
    if service.process is None or service.state == "gone":
        raise NothingDone(f"service {service.name!r} is not running")
    pids = [who.pid for who in service.members(scene.run)]
    return {"pid": service.process.pid, "pids": pids}


def module_of(shelf: str, program: str) -> str:
    """Return the module of *program*: one of the shelf's, or any module by its dotted name.

    Raises:
        NothingDone: it is not the name of a module.
    """
    if not program or not all(part.isidentifier() for part in program.split(".")):
        raise NothingDone(f"{program!r} is not the name of a program")
    return program if "." in program else f"hormesis.host.{shelf}.{program}"
