"""Become a PostgreSQL standby: copy the primary, then follow it. DATA PRIMARY-PORT PORT."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from proving_ground.account import become, unprivileged_account
from proving_ground.postgres_binaries import postgres_binaries, reachable_binaries
from proving_ground.postgres_program import SETTINGS, _data_directory


def main(data: str, primary_port: str, port: str) -> None:
    account = unprivileged_account()
    programs = reachable_binaries(postgres_binaries(None), account)
    directory = _data_directory(Path(data).absolute(), account)
    os.chdir("/")
    if account is not None:
        become(account)
    if not (directory / "PG_VERSION").exists():
        copy = [programs / "pg_basebackup", "-D", directory, "-R", "-c", "fast", "--no-sync"]
        subprocess.run(
            [*copy, "-h", "127.0.0.1", "-p", primary_port, "-U", "postgres"], check=True
        )
    arguments = [str(programs / "postgres"), "-D", str(directory), "-c", f"port={port}"]
    for name, value in SETTINGS.items():
        arguments += ["-c", f"{name}={value}"]
    os.execv(arguments[0], arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
