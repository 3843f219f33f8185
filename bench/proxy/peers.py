"""Peers: the proxies that are measured, each one process on one core, each with one link."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import hormesis
from bench.proxy.wire_load import Address
from tests.proving_ground.wait import wait_for

SOURCE = str(Path(hormesis.__file__).parents[1])


@dataclass(frozen=True, slots=True)
class Peer:
    """A running proxy."""

    name: str
    pid: int
    address: Address


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this process, and those it starts, on one core meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def ours(upstream: Address, core: int) -> Iterator[Peer]:
    """Run this proxy with one link to *upstream*."""
    with tempfile.TemporaryDirectory() as folder:
        with pinned(core):
            process = subprocess.Popen(
                [sys.executable, "-m", "hormesis.proxy"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": SOURCE},
            )  # fmt: skip
        assert process.stdin and process.stdout
        link = {"name": "x", "listen": "127.0.0.1:0", "upstream": f"{upstream[0]}:{upstream[1]}"}
        config = {"control": f"{folder}/control", "links": [link]}
        process.stdin.write(json.dumps(config).encode() + b"\n")
        process.stdin.flush()
        ready = json.loads(process.stdout.readline())
        port = int(ready["links"][0]["listen"].rpartition(":")[2])
        try:
            yield Peer("hormesis", process.pid, ("127.0.0.1", port))
        finally:
            process.communicate(timeout=10)


@contextmanager
def toxiproxy(program: str, upstream: Address, core: int) -> Iterator[Peer]:
    """Run the Toxiproxy server *program* with one proxy to *upstream*."""
    api = _free_port()
    with pinned(core):
        process = subprocess.Popen(
            [program, "-host", "127.0.0.1", "-port", str(api)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "LOG_LEVEL": "error"},
        )  # fmt: skip
    port = _free_port()
    body = {
        "name": "x", "enabled": True,
        "listen": f"127.0.0.1:{port}", "upstream": f"{upstream[0]}:{upstream[1]}",
    }  # fmt: skip
    request = urllib.request.Request(
        f"http://127.0.0.1:{api}/proxies", json.dumps(body).encode(), {"User-Agent": "bench"}
    )
    try:
        wait_for(lambda: _answers(request), within_s=10, what="Toxiproxy's API answers")
        yield Peer("toxiproxy", process.pid, ("127.0.0.1", port))
    finally:
        process.terminate()
        process.wait(10)


def _answers(request: urllib.request.Request) -> bool:
    try:
        with urllib.request.urlopen(request, timeout=5):
            return True
    except urllib.error.URLError as trouble:
        if isinstance(trouble, urllib.error.HTTPError):
            raise
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port
