"""Member process: a program of ours that works for this process and never outlives it.

The two talk over a socket pair; what the program prints comes over a pipe. The program's end of the
socket is also its lifeline: end of file means that it must end. A program that is too busy to see
that is killed by the kernel when its parent's thread ends, see prctl(2), PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hormesis.host.own_code import RUNNING_A_MODULE

_READ_BYTES = 1 << 20
_TOLD_CHARS = 4000
_LAST_LOOKS = 4
_PR_SET_PDEATHSIG = 1


class MemberProcess:
    """One running program, from its parent's side; made and used inside an asyncio loop."""

    def __init__(self, process: subprocess.Popen[bytes], said: Callable[[str], None]) -> None:
        self.pid = process.pid
        self.told = ""
        """The end of what it printed."""
        self._process = process
        self._said = said
        self._over: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, module: str, said: Callable[[str], None]) -> MemberProcess:
        """Start ``python -m module FD PID``: its end of the line, and whose death is its own.

        *said* gets what it prints as it comes.

        Raises:
            OSError: it cannot be started.
        """
        process, ours, heard = _started(module)
        self = cls(process, said)
        self._watch_end()
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=_READ_BYTES)
        self._listening = asyncio.create_task(self._listen(heard))
        return self

    def _watch_end(self) -> None:
        """See its end at once, also while a child of its own keeps its sockets open."""
        loop = asyncio.get_running_loop()
        pidfd = os.pidfd_open(self.pid)

        def ended() -> None:
            loop.remove_reader(pidfd)
            os.close(pidfd)
            status = self._process.wait()
            if not self._over.done():
                self._over.set_result(status)

        loop.add_reader(pidfd, ended)

    async def _listen(self, heard: int) -> None:
        reader = asyncio.StreamReader(limit=1 << 16)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(heard, "rb", 0)
        )
        try:
            while data := await reader.read(1 << 16):
                text = data.decode(errors="replace")
                self.told = (self.told + text)[-_TOLD_CHARS:]
                self._said(text)
        finally:
            transport.close()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return not self._over.done()

    def send(self, data: bytes) -> None:
        """Send bytes, without waiting for them to leave; a program that has ended gets nothing."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def receive(self) -> bytes:
        """Return bytes as they come; empty when it has closed its end or has ended."""
        reading = asyncio.ensure_future(self._read())
        try:
            either: set[asyncio.Future[Any]] = {reading, self._over}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            for _ in range(_LAST_LOOKS):
                if reading.done():
                    break
                # It has ended; what it had sent before is here already, or never comes. More than
                # one look, because a loop that was held up sees the time-out before the data.
                await asyncio.wait({reading}, timeout=0.05)
            return reading.result() if reading.done() else b""
        finally:
            reading.cancel()

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(_READ_BYTES)
        except ConnectionError:
            return b""

    async def ended(self, within_s: float) -> str:
        """Return how it ended: ``signal 9``, ``exit status 1``; empty: as it should.

        One that has not ended within *within_s* seconds is killed first.
        """
        try:
            async with asyncio.timeout(within_s):
                status = await asyncio.shield(self._over)
        except TimeoutError:
            self.kill()
            await self._over
            return f"did not end within {within_s:g} s"
        if self._listening is not None:
            # Its last words; a child that it left may keep the pipe open.
            await asyncio.wait({self._listening}, timeout=0.5)
        return how_ended(status)

    def kill(self) -> None:
        """Kill it; nothing of it is left to be asked."""
        if self.alive:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def close(self, grace_s: float = 1.0) -> None:
        """Close the line, which tells it to end; kill it when it does not."""
        self._writer.close()
        try:
            await self.ended(grace_s)
        finally:
            self.kill()
            if self._listening is not None:
                self._listening.cancel()


def _started(module: str) -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    """Start the program; return it, our end of the line, and the pipe of what it prints."""
    ours, theirs = socket.socketpair()
    heard, printed = os.pipe()
    try:
        process = subprocess.Popen(
            [
                sys.executable, "-P", "-c", RUNNING_A_MODULE, module,
                str(theirs.fileno()), str(os.getpid()),
            ],
            stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
            # An interrupt at the terminal is the parent's to pass on.
            pass_fds=(theirs.fileno(),), start_new_session=True,
        )  # fmt: skip
    except OSError:
        ours.close()
        os.close(heard)
        raise
    finally:
        theirs.close()
        os.close(printed)
    return process, ours, heard


def how_ended(status: int) -> str:
    """Return an exit status (minus the signal's number) in words; empty for 0."""
    if status < 0:
        return f"signal {-status}"
    return f"exit status {status}" if status else ""


def end_with(parent: int) -> None:
    """Let this process be killed when its parent's thread ends; end now when it is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


async def open_line(fd: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the program's end of the line, which its own children do not inherit."""
    os.set_inheritable(fd, False)
    return await asyncio.open_connection(sock=socket.socket(fileno=fd), limit=_READ_BYTES)
