"""Become one member of the cluster in a network namespace of its own, or the switch between them.

``networked_member.py switch NETWORKS``, or
``networked_member.py NUMBER NETWORKS PEERS CLIENTS FOLDERS "ITS OPTIONS"``

The namespaces have no names: they end with their processes, and the cables with them. The folder
NETWORKS has a link to each, called ``switch``, ``1``, ``2`` and ``3``. It takes root, or
``hormesis run --isolated``.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from member import arguments, become_etcd

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def enter_network(folder: Path, name: str) -> None:
    """Go into a new network namespace, and leave a link to it in *folder*."""
    if LIBC.unshare(CLONE_NEWNET):
        sys.exit(f"no network namespace: {os.strerror(ctypes.get_errno())}; see `needs`")
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{name}.{os.getpid()}"
    fresh.symlink_to(f"/proc/{os.getpid()}/ns/net")
    fresh.rename(folder / name)
    ip("link", "set", "lo", "up")


def ip(*words: str) -> None:
    """Run ``ip`` in this process's namespace."""
    subprocess.run(["ip", *words], check=True)


def become_switch(folder: Path) -> None:
    """Be the bridge until stopped."""
    enter_network(folder, "switch")
    ip("link", "add", "switch", "type", "bridge")
    ip("link", "set", "switch", "up")
    sys.stdout.write("the switch is up\n")
    sys.stdout.flush()
    threading.Event().wait()


def plug_in(folder: Path, address: str) -> None:
    """Lay a cable from here to the switch."""
    process = os.readlink(folder / "switch").split("/")[2]
    port = f"port{os.getpid()}"
    ip("link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", process)
    ip("address", "add", f"{address}/24", "dev", "eth0")
    ip("link", "set", "eth0", "up")
    inside = ["nsenter", f"--net=/proc/{process}/ns/net", "ip", "link", "set", port]
    subprocess.run([*inside, "master", "switch", "up"], check=True)


def keep_door(door: socket.socket, inside: int) -> None:
    """Pass what comes in by *door* on to the member's own loopback, in a process of its own."""
    parent = os.getpid()
    if os.fork():
        door.close()
        return
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    while True:
        outer, _ = door.accept()
        try:
            inner = socket.create_connection(("127.0.0.1", inside))
        except OSError:
            outer.close()
            continue
        for one in (outer, inner):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for pair in ((outer, inner), (inner, outer)):
            threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
    except OSError:
        pass
    for one in (source, sink):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue


def main() -> None:
    """Read the arguments, and become what they say."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    if name == "switch":
        become_switch(folder)
        return
    number = int(name)
    peers, clients, data = (text.split(",") for text in sys.argv[3:6])
    door = socket.create_server(("127.0.0.1", int(clients[number - 1].rpartition(":")[2])))
    enter_network(folder, name)
    plug_in(folder, peers[number - 1].partition(":")[0])
    keep_door(door, 2379)
    Path(data[number - 1]).mkdir(parents=True, exist_ok=True, mode=0o700)
    told = arguments(number, peers, "127.0.0.1:2379", data[number - 1])
    become_etcd([*told, *shlex.split(sys.argv[6])])


if __name__ == "__main__":
    main()
