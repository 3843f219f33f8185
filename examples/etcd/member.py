"""Become one member of the cluster: ``member.py NUMBER PEERS CLIENTS FOLDERS "ITS OPTIONS"``.

The three lists are separated by commas, and have an entry for each member.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path


def arguments(number: int, peers: list[str], listens: str, folder: str) -> list[str]:
    """Return what etcd is told: who the others are, and where it listens and keeps its data."""
    cluster = ",".join(f"m{one}=http://{address}" for one, address in enumerate(peers, 1))
    peer, client = f"http://{peers[number - 1]}", f"http://{listens}"
    return [
        "--name", f"m{number}", "--data-dir", folder, "--logger", "zap",
        "--initial-cluster", cluster, "--initial-cluster-state", "new",
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
        "--listen-client-urls", client, "--advertise-client-urls", client,
    ]  # fmt: skip


def become_etcd(told: list[str]) -> None:
    """Put etcd in the place of this program."""
    program = shutil.which("etcd") or sys.exit("no etcd: apt-get install etcd-server")
    os.execv(program, [program, *told])


def main() -> None:
    """Read the arguments, and become etcd."""
    number = int(sys.argv[1])
    peers, clients, folders = (text.split(",") for text in sys.argv[2:5])
    folder = folders[number - 1]
    Path(folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    told = arguments(number, peers, clients[number - 1], folder)
    become_etcd([*told, *shlex.split(sys.argv[5])])


if __name__ == "__main__":
    main()
