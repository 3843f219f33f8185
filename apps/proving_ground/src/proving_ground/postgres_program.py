"""Become a PostgreSQL server in the foreground: same pid, so a supervisor owns the postmaster."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NoReturn

from proving_ground.account import Account, become, can_access, unprivileged_account
from proving_ground.listening_host import LOOPBACK, only_here
from proving_ground.postgres_binaries import postgres_binaries, reachable_binaries
from proving_ground.usage import MissingPart, UsageError

SETTINGS = {
    "unix_socket_directories": "",
    # In its data directory, so that a server that is killed leaves nothing in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
ORPHANS_WAIT_S = 10.0
_ACCESS = """\
local  all  all                trust
host   all  all  127.0.0.1/32  trust
host   all  all  ::1/128       trust
host   all  all  samenet       trust
"""
"""Who is let in when it listens on more than this machine: whoever is in the same networks."""


def run_postgres(
    data: Path, port: int, binaries: str | None, host: str = LOOPBACK
) -> NoReturn:
    """Initialise ``data`` when it is empty, then become ``postgres`` on ``host``:``port``.

    Raises ``UsageError`` or ``MissingPart`` with one line when that is impossible.
    """
    account = unprivileged_account()
    programs = reachable_binaries(postgres_binaries(binaries), account)
    directory = _data_directory(Path(os.path.abspath(data)), account)
    os.chdir("/")
    _wait_for_orphans(directory)
    if account is not None:
        become(account)
    if not (directory / "PG_VERSION").exists():
        _initialise(programs, directory)
    arguments = [str(programs / "postgres"), "-D", str(directory), "-c", f"port={port}"]
    settings = {**SETTINGS, "listen_addresses": host}
    if not only_here(host):
        settings["hba_file"] = str(_access_file(directory))
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]
    sys.stderr.flush()
    os.execv(arguments[0], arguments)


def _data_directory(data: Path, account: Account | None) -> Path:
    """Return a data directory that ``account`` owns and reaches; ``data`` leads there."""
    if data.exists() and not data.is_dir():
        raise UsageError(f"--data {data}: not a directory")
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--data {data}: {error.strerror}") from None
    if account is None:
        return data.resolve()
    directory = data.resolve()
    os.chown(directory, account.uid, account.gid)
    if can_access(account, directory, os.R_OK | os.W_OK | os.X_OK):
        return directory
    if any(directory.iterdir()):
        raise MissingPart(
            f"--data {data}: the account {account.name} cannot pass the directories above it"
        )
    # The modes of directories above belong to somebody else; the data moves instead.
    elsewhere = Path(tempfile.mkdtemp(prefix="hormesis-proving-ground-postgres-"))
    os.chown(elsewhere, account.uid, account.gid)
    if not can_access(account, elsewhere, os.R_OK | os.W_OK | os.X_OK):
        elsewhere.rmdir()
        raise MissingPart(
            f"the account {account.name} reaches neither {data} nor {elsewhere.parent}"
        )
    data.rmdir()
    data.symlink_to(elsewhere)
    sys.stderr.write(
        f"proving_ground postgres: {data} is closed to the account {account.name}; "
        f"the data lies in {elsewhere}\n"
    )
    return elsewhere


def _initialise(programs: Path, directory: Path) -> None:
    command = [str(programs / "initdb"), "-D", str(directory), "-U", "postgres"]
    command += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise MissingPart(f"initdb failed ({done.returncode}): {reason}")


def _access_file(directory: Path) -> Path:
    """Write who may connect from elsewhere; initdb's own file, for this machine only, stays."""
    file = directory / "pg_hba_networks.conf"
    file.write_text(_ACCESS)
    return file


def _wait_for_orphans(directory: Path) -> None:
    """Wait, bounded, until no process of a killed postmaster works in ``directory`` any more.

    After SIGKILL of the postmaster its children need a moment to notice; a new postmaster that
    starts within that moment refuses and exits.
    """
    pid_file = directory / "postmaster.pid"
    try:
        postmaster = int(pid_file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if Path(f"/proc/{postmaster}").exists():
        return
    deadline = time.monotonic() + ORPHANS_WAIT_S
    pause = threading.Event()
    while _works_in(directory) and time.monotonic() < deadline:
        pause.wait(0.02)


def _works_in(directory: Path) -> bool:
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                if os.readlink(process / "cwd") == str(directory):
                    return True
            except OSError:
                continue
    return False
