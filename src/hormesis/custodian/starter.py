"""The starter: a small process with rights that starts custodians for an engine without them.

It also runs the errands (:mod:`hormesis.custodian.errand`) that take the custodian's rights while
there is no custodian. Standard input is a socket of messages (``SOCK_SEQPACKET``): JSON, and the
descriptors that a new custodian is given. It ends with that socket; the custodians that it started
do not.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from typing import Any

MESSAGE_BYTES_MAX = 1 << 20
FDS = 3
"""The engine's line, the engine's pidfd, and the log."""


def main() -> None:
    """Serve until the socket ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Not ignored: that would pass to every service which an errand starts again.
        signal.signal(number, lambda number, frame: None)
    link = socket.socket(fileno=0)
    started: dict[int, subprocess.Popen[bytes]] = {}
    while True:
        line, fds, _, _ = socket.recv_fds(link, MESSAGE_BYTES_MAX, FDS)
        if not line:
            return
        try:
            answer = _answer(json.loads(line), fds, started)
        except (OSError, ValueError, KeyError) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        finally:
            for fd in fds:
                os.close(fd)
        try:
            link.send(json.dumps(answer).encode())
        except OSError:
            return


def _answer(
    asked: dict[str, Any], fds: list[int], started: dict[int, subprocess.Popen[bytes]]
) -> dict[str, Any]:
    if asked["op"] == "start":
        child = _start(asked, *fds)
        started[child.pid] = child
        return {"pid": child.pid}
    if asked["op"] == "errand":
        return _run(asked)
    child = started[int(asked["pid"])]
    if asked["op"] == "kill":
        child.kill()
        child.wait()
    return {"status": child.poll()}


def _start(asked: dict[str, Any], link: int, engine: int, log: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", str(asked["boot"]), str(link), str(engine)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
        pass_fds=(link, engine), start_new_session=True, env=asked["env"],
    )  # fmt: skip


def _run(asked: dict[str, Any]) -> dict[str, Any]:
    """Run an errand to its end, and return its answer."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", str(asked["boot"])],
        input=json.dumps(asked["errand"]).encode(), capture_output=True, check=False,
        start_new_session=True, env=asked["env"],
    )  # fmt: skip
    if done.returncode:
        complaint = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        return {"error": complaint[0] if complaint else f"it ended with {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
