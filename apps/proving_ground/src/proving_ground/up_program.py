"""Start the whole of it: PostgreSQL, Redis, the main server with bots, queen, hive, broker, leader.

Each is a process of its own, with its log in the data directory; none outlives this program.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from proving_ground.usage import MissingPart, UsageError

_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.1
_READY_S = 30.0
_GRACE_S = 8.0
PORTS = {
    "postgres": 5433, "redis": 6380, "server": 3001, "hive": 9201, "queen": 8081,
    "broker": 8100, "leader": 8000,
}  # fmt: skip
"""Where each part listens on 127.0.0.1, before an offset."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process: its command, its options as environment, and where it tells its health."""

    name: str
    arguments: Sequence[str]
    options: Mapping[str, str] = field(default_factory=dict)
    health: str = ""
    address: str = ""
    """Where it is reached, when that is not where it tells its health."""


def parts_of(data: Path, offset: int, admin_token: str, workers: int) -> list[Part]:
    """Return every part in the order in which they start; *offset* is added to each port."""
    port = {name: str(number + offset) for name, number in PORTS.items()}
    database = f"postgresql://postgres@127.0.0.1:{port['postgres']}/postgres"
    redis = f"redis://127.0.0.1:{port['redis']}/0"
    url = {name: f"http://127.0.0.1:{number}" for name, number in port.items()}

    def served(name: str, path: str, **options: str) -> Part:
        given = {"PORT": port[name], "DATABASE_URL": database, "ADMIN_TOKEN": admin_token}
        return Part(name, [name], {**given, **options}, url[name] + path)

    def files(name: str, address: str) -> Part:
        arguments = [name, "--data", str(data / name), "--port", port[name]]
        return Part(name, arguments, address=address)

    bots = [
        Part(f"bot-{number}", ["bot", "--server", url["server"], "--name", f"bot-{number}"])
        for number in (1, 2)
    ]
    return [
        files("postgres", database),
        files("redis", redis),
        served("server", "/ready"),
        *bots,
        served("hive", "/health", DATA=str(data / "models"), WORKERS=str(workers)),
        served("queen", "/ready", HIVE_URL=url["hive"]),
        served("broker", "/health"),
        served(
            "leader",
            "/ready",
            REDIS_URL=redis,
            BROKER_URL=url["broker"],
        ),
    ]


def run_up(data: Path, offset: int, admin_token: str, workers: int) -> int:
    """Start everything, wait until it is told to stop or a part ends; return the exit status.

    Raises ``UsageError`` when *data* cannot be a directory, ``MissingPart`` when a part does not
    become ready.
    """
    try:
        (data / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--data {data}: {error.strerror}") from None
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: told.set())
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for part in parts_of(data, offset, admin_token, workers):
            if told.is_set():
                return 0
            running[part.name] = _started(part, data)
            _wait_ready(part, running[part.name], data, offset, told)
            sys.stdout.write(f"{part.name:<10} {part.health or part.address or 'up'}\n")
            sys.stdout.flush()
        sys.stdout.write(f"everything is up; logs in {data / 'logs'}; stop it with Ctrl-C\n")
        sys.stdout.flush()
        while not told.wait(_LOOK_S):
            for name in _ended(running):
                raise MissingPart(f"{name} ended by itself; its log: {data / 'logs' / name}.log")
        return 0
    finally:
        _stop(running)


def _started(part: Part, data: Path) -> subprocess.Popen[bytes]:
    options = {f"PROVING_GROUND_{name}": value for name, value in part.options.items()}
    parent, libc = os.getpid(), ctypes.CDLL(None)

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    with (data / "logs" / f"{part.name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "proving_ground", *part.arguments],
            env={**os.environ, **options},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,  # Ctrl-C is for this program, which stops them in order.
            preexec_fn=die_with_parent,  # noqa: PLW1509 - this program has no threads
        )


def _wait_ready(
    part: Part,
    process: subprocess.Popen[bytes],
    data: Path,
    offset: int,
    told: threading.Event,
) -> None:
    address = ("127.0.0.1", PORTS[part.name] + offset) if part.name in PORTS else None
    deadline = time.monotonic() + _READY_S
    while not told.is_set() and not _answers(part, address):
        if process.poll() is not None or time.monotonic() > deadline:
            how = "ended" if process.poll() is not None else f"is not ready after {_READY_S:g} s"
            raise MissingPart(f"{part.name} {how}: {_last_line(data, part.name)}")
        told.wait(_LOOK_S)


def _answers(part: Part, address: tuple[str, int] | None) -> bool:
    if part.health:
        try:
            return httpx.get(part.health, timeout=2.0).is_success
        except httpx.HTTPError:
            return False
    if address is None:
        return True
    try:
        socket.create_connection(address, timeout=1.0).close()
    except OSError:
        return False
    return True


def _last_line(data: Path, name: str) -> str:
    text = (data / "logs" / f"{name}.log").read_text(errors="replace").strip()
    return text.splitlines()[-1] if text else "its log is empty"


def _ended(running: Mapping[str, subprocess.Popen[bytes]]) -> Iterator[str]:
    return (name for name, process in running.items() if process.poll() is not None)


def _stop(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Stop the parts, the last started first; force those that take too long."""
    for name, process in reversed(running.items()):
        process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
