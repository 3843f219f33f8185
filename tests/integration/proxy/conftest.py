"""An echo server behind a proxy with one link, ``echo``, and one whose upstream is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.postgres import postgres
from tests.integration.proxy.echo_server import EchoServer
from tests.integration.proxy.proxy_process import Proxy
from tests.proving_ground.programs import free_port

__all__ = ["postgres"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server() -> Iterator[EchoServer]:
    server = EchoServer()
    yield server
    server.close()


@pytest.fixture
def proxy(tmp_path: Path, server: EchoServer) -> Iterator[Proxy]:
    """A proxy that must end well and silent, whatever the test did to it."""
    links = {"echo": server.address, "nobody": f"127.0.0.1:{free_port()}"}
    proxy = Proxy(tmp_path / "control", links)
    yield proxy
    if proxy.process.poll() is None:
        assert proxy.end() == (0, "")
