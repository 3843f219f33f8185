"""Runs examples, a few at a time: they mostly wait, and one after the other takes too long."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hormesis.words.outcome import ExitCode
from tests.examples.example_file import Example
from tests.proving_ground.wait import wait_for

AT_ONCE = 3
LIMIT_S = 100
BUSY = ("the load generator was saturated", "it had too few for", "nobody looked during")
"""What a run says that could not tell, for it had too little of the machine while it mattered."""


@dataclass(frozen=True)
class Ended:
    """What became of an example."""

    code: int
    output: str
    took_s: float


def run_example(example: Example, folder: Path, scale: float) -> Ended:
    """Run one example in *folder*, as its head says, and wait for its end.

    When the machine was too busy to generate the load, which says nothing about the example, it is
    run once more.
    """
    ended = _run_once(example, folder / "first", scale)
    if was_busy(ended.code, ended.output):
        ended = _run_once(example, folder / "second", scale)
    return ended


def was_busy(code: int, output: str) -> bool:
    """Return whether a run could not tell since the machine was too busy."""
    return code == ExitCode.UNKNOWN and any(words in output for words in BUSY)


def _run_once(example: Example, folder: Path, scale: float) -> Ended:
    folder.mkdir(parents=True)
    port = _free_port()
    with _beside(example, folder, port):
        variables = [f"shop={port}"] if example.beside else []
        return _run(example, folder, scale, [*variables, *example.set])


def _run(example: Example, folder: Path, scale: float, variables: Sequence[str]) -> Ended:
    command = [sys.executable, str(example.path)]
    if example.path.suffix != ".py":
        settings = [word for one in variables for word in ("--set", one)]
        command = [str(Path(sys.executable).with_name("hormesis")), "run", str(example.path)]
        command += ["--out", str(folder / "runs"), "--time-scale", str(scale), *settings]
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={**os.environ, "HORMESIS_STATE": str(folder / "state"), "COLUMNS": "200"},
    )
    return Ended(done.returncode, done.stdout + done.stderr, time.monotonic() - started)


@contextmanager
def _beside(example: Example, folder: Path, port: int) -> Iterator[None]:
    """Run what the example expects to be there already."""
    if not example.beside:
        yield
        return
    words = shlex.split(example.beside.format(python=sys.executable, port=port))
    with (folder / "beside.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(lambda: _listens(port), within_s=15, what=f"{words[0]} listens on {port}")
        yield
        assert process.poll() is None, "the example ended what it had not started"
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Shop:
    """Starts all examples that were asked for, and gives each one's end when it is there."""

    def __init__(self, wanted: Sequence[Example], folder: Path, scale: float) -> None:
        self._workers = ThreadPoolExecutor(AT_ONCE)
        self._ends: dict[str, Future[Ended]] = {
            one.name: self._workers.submit(
                run_example, one, folder / one.name.replace("/", "-"), scale
            )
            for one in wanted
        }

    @classmethod
    def of(cls, request: pytest.FixtureRequest, folder: Path, scale: float) -> Shop:
        """Start what the tests of the requesting module that were selected will ask for."""
        parameters = [
            item.callspec.params.get("example")
            for item in request.session.items
            if isinstance(item, pytest.Function)
            and item.path == request.path
            and hasattr(item, "callspec")
        ]
        return cls([one for one in parameters if isinstance(one, Example)], folder, scale)

    def end_of(self, example: Example) -> Ended:
        """Wait for an example's end."""
        return self._ends[example.name].result(LIMIT_S)

    def close(self) -> None:
        """Start nothing more, and wait for what runs."""
        self._workers.shutdown(wait=True, cancel_futures=True)
