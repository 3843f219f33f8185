"""One real Redis server for the tests of a module, with few client slots."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.proving_ground.programs import free_port
from tests.proving_ground.wait import wait_for

SLOTS = 40
_BECOME = (
    "import os, sys; from proving_ground.redis_program import _redis_server as find;"
    " os.execv(find(), [find(), *sys.argv[1:]])"
)


class RedisServer:
    """A running server; ``url`` leads to it."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        with (directory / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _BECOME, "--port", str(self.port), "--maxclients",
                 str(SLOTS), "--save", "", "--dir", str(directory), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PYTHONPATH": ":".join(sys.path)},
            )  # fmt: skip
        wait_for(self._answers, within_s=15, what="Redis answers")

    def client(self) -> redis.Redis:
        """Return a client whose connection is its own."""
        return redis.Redis.from_url(
            self.url, single_connection_client=True, socket_timeout=3, retry=None,
            decode_responses=True,
        )  # fmt: skip

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url, retry=None).ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        """Kill it; it keeps nothing."""
        self.process.kill()
        self.process.wait(5)


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A running server."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    try:
        yield server
    finally:
        server.stop()
