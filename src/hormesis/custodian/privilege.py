"""Privilege: how an engine without rights gets a custodian that has them.

Either root starts the command and gives its own rights up (``--as USER``), or a user starts it and
``sudo`` starts the one process that needs more (``--sudo``). Both times a starter keeps the rights,
and the engine, the load, the probes and the user's code have none. The custodian starts services
and programs as the engine's user. It is a guard against mistakes, not against malice: whoever
holds the starter's socket may ask for any verb.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hormesis.custodian.recover import Replayed
from hormesis.custodian.starter import MESSAGE_BYTES_MAX
from hormesis.host.own_code import calling_main
from hormesis.host.owner import Owner
from hormesis.words.trouble import CapabilityTrouble, Problem, UsageTrouble

_BOOT = calling_main("hormesis.custodian.starter")
_ERRAND = calling_main("hormesis.custodian.errand")


class Starter:
    """The engine's end of the conversation with the starter."""

    def __init__(self, link: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self._link = link
        self._process = process
        self._turn = threading.Lock()

    def ask(self, asked: Mapping[str, Any], fds: Sequence[int] = ()) -> dict[str, Any]:
        """Send one message and return its answer.

        Raises:
            CapabilityTrouble: the starter is gone, or refused.
        """
        with self._turn:
            try:
                socket.send_fds(self._link, [json.dumps(asked).encode()], fds)
                line = self._link.recv(MESSAGE_BYTES_MAX)
            except OSError as error:
                raise CapabilityTrouble(f"the custodian's starter is gone: {error}") from error
        if not line:
            raise CapabilityTrouble("the custodian's starter is gone")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise CapabilityTrouble(f"the custodian's starter: {answer['error']}")
        return answer

    def start(self, boot: str, fds: Sequence[int]) -> Remote:
        """Start a custodian with this process's environment."""
        answer = self.ask({"op": "start", "boot": boot, "env": dict(os.environ)}, fds)
        return Remote(self, int(answer["pid"]))

    def replay(self, ledger: Path) -> list[Replayed]:
        """Undo what *ledger* holds open, with the rights of the custodian that is gone.

        Raises:
            CapabilityTrouble: it could not be replayed, or the starter is gone.
        """
        answer = self._errand({"do": "replay", "ledger": str(ledger.absolute())})
        return [Replayed.from_json(one) for one in answer["replayed"]]

    def survey(self, names: Iterable[str]) -> dict[str, str]:
        """Return, for each means, why the custodian will lack it; an empty text when it will not.

        Raises:
            CapabilityTrouble: the starter is gone.
        """
        missing: dict[str, str] = self._errand({"do": "survey", "means": sorted(names)})["missing"]
        return missing

    def close(self) -> None:
        """End the starter; custodians that it started go on."""
        self._link.close()
        self._process.wait()

    def _errand(self, errand: Mapping[str, Any]) -> dict[str, Any]:
        return self.ask(
            {"op": "errand", "boot": _ERRAND, "env": dict(os.environ), "errand": errand}
        )


class Remote:
    """A custodian that is the starter's child; the part of ``Popen`` that is used."""

    def __init__(self, starter: Starter, pid: int) -> None:
        self._starter = starter
        self.pid = pid

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        pidfd = os.pidfd_open(self.pid) if (status := self.poll()) is None else -1
        if status is not None:
            return status
        try:
            if not select.select([pidfd], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(["custodian"], timeout or 0.0)
        finally:
            os.close(pidfd)
        return int(self.poll() or 0)

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        status: int | None = self._starter.ask({"op": "status", "pid": self.pid})["status"]
        return status

    def kill(self) -> None:
        """Kill it, and wait for its end."""
        self._starter.ask({"op": "kill", "pid": self.pid})


def start_starter(*, sudo: bool) -> Starter:
    """Start the starter, by sudo or as a child that keeps what rights this process has.

    Raises:
        CapabilityTrouble: there is no sudo, or it asks for a password.
    """
    program = [sys.executable, "-I", "-S", "-c", _BOOT]
    if sudo:
        found = shutil.which("sudo")
        if found is None:
            raise CapabilityTrouble(
                Problem("--sudo needs the program sudo", hint="apt-get install sudo")
            )
        told = subprocess.run([found, "-n", "true"], capture_output=True, text=True, check=False)
        if told.returncode:
            raise CapabilityTrouble(
                Problem(f"sudo refuses: {told.stderr.strip()}", hint="run `sudo -v` first")
            )
        program = [found, "-n", *program]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(program, stdin=theirs.fileno(), start_new_session=True)
    return Starter(ours, process)


def give_up_rights(user: str) -> Starter:
    """Start a starter that keeps root's rights, and make this process *user*'s for good.

    Raises:
        UsageTrouble: this process is not root's, or there is no such user.
    """
    if os.geteuid() != 0:
        raise UsageTrouble("--as needs to be started by root", hint="use --sudo instead")
    try:
        owner = Owner.named(user)
    except KeyError:
        raise UsageTrouble(f"--as: there is no user {user!r}") from None
    starter = start_starter(sudo=False)
    owner.become()
    return starter
