"""Have a running service killed at one of its system calls, by ``strace`` (see strace(1)).

Configuration: ``pid`` (the service's main process), ``syscall`` and ``nth``, counted for each
thread from now on. Reports ``calls`` (of that name, by the thread that made most) and ``dead``. A
tracer that is killed leaves the service as it was.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence

from hormesis.host.holders.lifeline import EXIT_MISSING, Lifeline, configuration, report
from hormesis.host.process import Identity
from hormesis.host.tracing import tracer_of

_ATTACH_S = 5.0
_LOOK_S = 0.01


def command(pid: int, syscall: str, nth: int) -> list[str]:
    """Return the command that kills *pid* at its *nth* call of *syscall*."""
    return [
        "strace", "-f", "-qq", "-p", str(pid), "-e", f"trace={syscall}",
        "-e", f"inject={syscall}:signal=KILL:when={nth}",
    ]  # fmt: skip


class Calls:
    """Counts the calls that ``strace`` writes down, for each thread."""

    def __init__(self, syscall: str) -> None:
        self._call = re.compile(rb"^(?:\[pid +(\d+)\] )?" + syscall.encode() + rb"\(")
        self._rest = b""
        self._by_thread: Counter[bytes] = Counter()

    def hear(self, data: bytes) -> None:
        """Take in what was written; the last line may be cut off."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if (found := self._call.match(line)) is not None:
                self._by_thread[found[1] or b""] += 1

    @property
    def most(self) -> int:
        """Return how often the busiest thread has called; one call may be written down only now."""
        return max(self._by_thread.values(), default=0)


def started(run: Sequence[str]) -> subprocess.Popen[bytes] | str:
    """Start the tracer, or return why it cannot be started."""
    try:
        return subprocess.Popen(
            run, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    except OSError as error:
        return f"strace cannot be run: {error.strerror}"


def main() -> int:
    """Trace until the service is dead or the lifeline ends."""
    config = configuration()
    who = Identity.of(int(config["pid"]))
    if who is None:
        report(error="the service has ended")
        return 1
    tracer = started(command(who.pid, str(config["syscall"]), int(config["nth"])))
    if isinstance(tracer, str):
        report(ready=False, missing=tracer)
        return EXIT_MISSING
    lifeline = Lifeline()
    until = time.monotonic() + _ATTACH_S
    while tracer_of(who.pid) != tracer.pid and who.alive:
        if tracer.poll() is not None or time.monotonic() >= until:
            said = tracer.stderr.read().decode(errors="replace") if tracer.stderr else ""
            report(ready=False, missing=f"strace cannot attach: {said.strip() or 'it hung'}")
            tracer.kill()
            return EXIT_MISSING
        lifeline.wait(_LOOK_S)
    report(ready=True, calls=0, dead=False)
    if tracer.stderr is None:
        return 1
    os.set_blocking(tracer.stderr.fileno(), False)
    calls, told = Calls(str(config["syscall"])), 0
    while who.alive:
        calls.hear(tracer.stderr.read() or b"")
        if calls.most != told:
            told = calls.most
            report(ready=True, calls=told, dead=False)
        lifeline.wait(_LOOK_S * 5)
    tracer.wait()
    calls.hear((tracer.stderr.read() or b"") + b"\n")
    report(ready=True, calls=calls.most, dead=True)
    while True:
        lifeline.wait(60.0)


if __name__ == "__main__":
    sys.exit(main())
