"""Become a PostgreSQL server in the foreground: same process, so whoever started it owns it.

``python -m hormesis.host.programs.postgres_server --data DIR --port N``: an empty DIR gets a new
cluster from the cache, an old one is gone on with. Root becomes another account first. What the
server says goes to standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hormesis.host.postgres.account import Account, become, may_use, unprivileged_account
from hormesis.host.postgres.binaries import Installation, find
from hormesis.host.postgres.cluster import OWN_SETTINGS, Recipe, cache_for, make_cluster
from hormesis.host.postgres.orphans import await_orphans
from hormesis.host.postgres.reachable import reachable
from hormesis.words.trouble import CapabilityTrouble, Trouble, UsageTrouble

SETTINGS: Mapping[str, str] = {
    "unix_socket_directories": "",
    # In its data directory, so that a server that is killed leaves nothing in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
    "max_connections": "200",
    "max_prepared_transactions": "50",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    # Real deadlocks are told five times as soon; nothing else depends on it.
    "deadlock_timeout": "200ms",
}
FAST: Mapping[str, str] = {
    # A power failure may lose data, a killed server does not: the kernel has what was written.
    # full_page_writes stays on: a SIGKILL within a write can leave half a page.
    "fsync": "off",
}
BEGUN = ".hormesis-begun"
"""In a data directory that is being filled; one with it is begun anew."""
_ORPHANS_S = 10.0
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what *arguments* say; return an exit status when no server came to be."""
    parser = argparse.ArgumentParser(prog="postgres_server", description=__doc__)
    parser.add_argument("--data", required=True, type=Path, help="its data directory")
    parser.add_argument("--port", required=True, type=int, help="where it listens")
    parser.add_argument("--host", default="127.0.0.1", help="the address it listens on")
    parser.add_argument("--bin", default="", help="a version, or the folder of its programs")
    parser.add_argument("--locale", default="C", help="the locale of a new cluster")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--durable", action="store_true", help="leave fsync on")
    options = parser.parse_args(arguments)
    try:
        settings = settings_of(options.setting, durable=options.durable)
        _run(find(options.bin), options, settings)
    except Trouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        return int(trouble.code)
    except OSError as error:
        sys.stderr.write(f"{error.filename or options.data}: {error.strerror}\n")
        return int(CapabilityTrouble.code)
    return 0


def settings_of(given: Sequence[str], *, durable: bool) -> dict[str, str]:
    """Return the settings of the server; *given* ones (``name=value``) count more than ours.

    Raises:
        UsageTrouble: one of them is not of that form.
    """
    settings = {**SETTINGS, **({} if durable else FAST)}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not _NAME.fullmatch(name) or "\n" in value:
            raise UsageTrouble(f"--setting {one}: expected NAME=VALUE on one line")
        settings[name] = value
    return settings


def _run(installation: Installation, options: argparse.Namespace, settings: dict[str, str]) -> None:
    account = unprivileged_account()
    programs = reachable(installation.bin, account)
    cache = cache_for(account)
    data = _directory(Path(os.path.abspath(options.data)), account)
    # A working directory that the account cannot read would trouble every program it starts.
    os.chdir("/")
    if account is not None:
        become(account)
    await_orphans(data, patience_s=_ORPHANS_S)
    begun = data / BEGUN
    if begun.exists() or not (data / "PG_VERSION").exists():
        _clear(data, begun)
        make_cluster(Recipe(programs, installation.version, options.locale), data, cache)
        begun.unlink()
    (data / OWN_SETTINGS).write_text(
        "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())
    )
    command = [os.fspath(programs / "postgres"), "-D", os.fspath(data)]
    command += ["-c", f"port={options.port}", "-c", f"listen_addresses={options.host}"]
    sys.stderr.flush()
    os.execve(command[0], command, _environment())


def _directory(data: Path, account: Account | None) -> Path:
    """Return the data directory, made where it is missing, for the account to use."""
    if data.exists() and not data.is_dir():
        raise UsageTrouble(f"--data {data}: not a folder")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if account is not None:
        os.chown(data, account.uid, account.gid)
        if not may_use(account, data, os.R_OK | os.W_OK | os.X_OK):
            raise CapabilityTrouble(
                f"the account {account.name} cannot reach {data}",
                hint="choose a folder whose parents are open to it, such as one below /tmp",
            )
    return data.resolve()


def _clear(data: Path, begun: Path) -> None:
    """Make *data* empty but for the mark *begun*; only what bears that mark is ever removed.

    Raises:
        UsageTrouble: it holds something, and nothing says that it is ours.
    """
    entries = [entry for entry in data.iterdir() if entry != begun]
    if entries and not begun.exists():
        raise UsageTrouble(f"--data {data}: neither empty nor a cluster of PostgreSQL")
    begun.touch()
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _environment() -> dict[str, str]:
    """Return our environment without what would steer PostgreSQL from the side."""
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG"))
    }  # fmt: skip
    return {**kept, "LC_ALL": "C"}


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
