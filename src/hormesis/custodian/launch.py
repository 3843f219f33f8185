"""Start a custodian from the engine's side."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from hormesis.custodian.privilege import Remote, Starter
from hormesis.host.own_code import calling_main
from hormesis.host.owner import Owner
from hormesis.host.spawn import tail_of
from hormesis.words.permit import Permit
from hormesis.words.trouble import CapabilityTrouble, Problem

_READY_S = 15.0
_BOOT = calling_main("hormesis.custodian.main")


@dataclass(slots=True)
class Custody:
    """A custodian at work.

    ``link`` is the engine's end of the conversation, non-blocking: JSON lines, see
    :mod:`hormesis.custodian.requests`. Closing it makes the custodian revert everything and exit.
    ``pidfd`` is readable once the custodian has ended; then :func:`replay
    <hormesis.custodian.recover.replay>` is the engine's duty. ``log`` is what it complained of.
    """

    link: socket.socket
    pid: int
    pidfd: int
    log: Path
    process: subprocess.Popen[bytes] | Remote

    def wait(self, timeout_s: float) -> int:
        """Return the exit status: 0, 3 when something is left dirty, minus a signal's number.

        Raises:
            TimeoutError: it did not end within *timeout_s* seconds.
        """
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"custodian {self.pid} did not end in {timeout_s:g} s") from None

    def kill(self) -> None:
        """Kill a custodian that no longer answers; a replay of its ledger must follow."""
        self.process.kill()
        self.process.wait()

    def release(self) -> None:
        """Close the engine's descriptors; a custodian that still lives reverts and leaves."""
        self.link.close()
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


def start_custodian(
    *, ledger: Path, run_id: str, permit: Permit, lease_s: float, state: Path,
    starter: Starter | None = None,
) -> Custody:
    """Start a custodian for this process and return once it watches and its ledger is open.

    ``ledger`` must not exist yet; ``state`` is :func:`state_folder
    <hormesis.custodian.registry.state_folder>`. An engine that sends nothing for ``lease_s``
    seconds is taken for dead. With a *starter* the custodian has its rights, and starts whatever
    belongs to the run as this process's user.

    Raises:
        CapabilityTrouble: it did not come up, with its reason.
    """
    ours, theirs = socket.socketpair()
    engine = os.pidfd_open(os.getpid())
    log = ledger.with_name("custodian.log")
    try:
        with open(log, "ab") as complaints:
            process: subprocess.Popen[bytes] | Remote
            if starter is not None:
                process = starter.start(_BOOT, (theirs.fileno(), engine, complaints.fileno()))
            else:
                process = subprocess.Popen(
                    [
                        sys.executable, "-I", "-S", "-c", _BOOT,
                        str(theirs.fileno()), str(engine),
                    ],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints,
                    pass_fds=(theirs.fileno(), engine), start_new_session=True,
                )  # fmt: skip
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
        os.close(engine)
    orders = {
        "run": run_id, "engine": os.getpid(), "ledger": str(ledger.absolute()),
        "permit": permit.to_json(), "lease_s": lease_s, "state": str(state.absolute()),
        "owner": Owner.current().to_json() if starter is not None else None,
    }  # fmt: skip
    try:
        ours.sendall(json.dumps(orders).encode() + b"\n")
        answer = _first_line(ours)
    except OSError:
        answer = b""
    reply = json.loads(answer) if answer else {}
    if not reply.get("ready"):
        ours.close()
        process.kill()
        process.wait()
        reason = reply.get("error") or tail_of(str(log)) or f"it said nothing in {_READY_S:g} s"
        what = f"the custodian did not start: {reason}"
        raise CapabilityTrouble(Problem(what, hint=f"see {log}"))
    ours.setblocking(False)
    return Custody(ours, process.pid, os.pidfd_open(process.pid), log, process)


def _first_line(link: socket.socket) -> bytes:
    until = time.monotonic() + _READY_S
    line = b""
    # Only the reply is read: what follows belongs to whoever holds the conversation.
    while not line.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or not select.select([link], [], [], left)[0]:
            return b""
        byte = link.recv(1)
        if not byte:
            return b""
        line += byte
    return line
