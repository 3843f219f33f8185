"""A project with tests of its own, run by a pytest of its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from subprocess import DEVNULL, PIPE, STDOUT, Popen

import pytest

PLAIN = ("-p", "no:randomly", "-p", "no:asyncio", "-p", "no:xdist")
"""A pytest without the plugins that people may or may not have."""
WEB = """
title: A small web server answers
seed: 3
vars: {status: 200, length: 1s}
system:
  ports: [web]
  processes:
    web:
      run: ["${python}", "-m", "http.server", "${port.web}", "--bind", "127.0.0.1"]
      ready: {tcp: "127.0.0.1:${port.web}"}
tracks:
  - name: visits
    load: constant-arrival-rate
    rate: 10/s
    vus: 5
    for: "${length}"
    client:
      http: "http://127.0.0.1:${port.web}"
      steps: [{name: home, get: /, expect: {status: "${status}"}}]
"""
CHECKED = """
checks:
  - {threshold: "http_req_failed rate == 0%", advice: "Answer what is asked for."}
"""


def begin(pytester: pytest.Pytester, *arguments: str) -> Popen[str]:
    """Start pytest in the project's folder, in a process group of its own."""
    return Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=pytester.path, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def ended(process: Popen[str], within_s: float = 60.0) -> str:
    """Return what a pytest has written, once it has ended."""
    try:
        return process.communicate(timeout=within_s)[0]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def lines_of(text: str, beginning: str) -> Iterator[str]:
    """Yield the rest of each line that begins so."""
    for line in text.splitlines():
        if line.startswith(beginning):
            yield line.removeprefix(beginning)
