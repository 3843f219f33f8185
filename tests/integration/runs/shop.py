"""A small system under test, and experiments on it, as the data of experiment files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.integration.runs.world import listens, wait_for

URL = "http://127.0.0.1:${port.shop}/"
SERVER = ["${python}", "-m", "http.server", "${port.shop}", "--bind", "127.0.0.1"]


def experiment(**changes: Any) -> dict[str, Any]:
    """Return an experiment of about two seconds: a shop behind a link, visitors, one pause."""
    made: dict[str, Any] = {
        "title": "shop",
        "seed": 7,
        "system": {
            "ports": ["shop"],
            "processes": {"shop": {"run": SERVER, "ready": {"http": URL, "within": "20s"}}},
            "links": {"front": {"upstream": URL}},
            "targets": {"shop": {"process": "shop", "link": "front"}},
        },
        "steady_state": [
            {"name": "answers", "probe": "http", "get": URL, "expect": {"status": 200}}
        ],
        "tracks": [visitors("1s"), frozen("200ms", "300ms")],
        "checks": [{"recovers": "frozen", "of": "home", "within": "5s", "steady": "0s"}],
    }
    return {**made, **changes}


def visitors(length: str) -> dict[str, Any]:
    """Return the load."""
    step = {"name": "home", "get": "/", "expect": {"status": 200}, "think": "20ms"}
    client = {"http": "${link.front.url}", "timeout": "1s", "steps": [step]}
    return {
        "name": "visitors", "load": "constant-vus", "vus": 2, "for": length, "client": client,
    }  # fmt: skip


def frozen(at: str, length: str) -> dict[str, Any]:
    """Return the fault."""
    return {"name": "frozen", "fault": "pause", "target": "shop", "at": at, "for": length}


def long(**changes: Any) -> dict[str, Any]:
    """Return an experiment that would take a minute, its fault on from the start."""
    return experiment(tracks=[visitors("60s"), frozen("100ms", "50s")], **changes)


def attached(port: int) -> dict[str, Any]:
    """Return a minute of a fault on a shop that runs already."""
    url = f"http://127.0.0.1:{port}/"
    return {
        **long(),
        "system": {
            "links": {"front": {"upstream": url}},
            "targets": {"shop": {"port": port, "link": "front"}},
        },
        "steady_state": [],
    }


@contextmanager
def running_shop(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a shop of our own running, which no run may leave hurt."""
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            wait_for(lambda: listens(port), "the shop is up")
            yield process
        finally:
            process.kill()
