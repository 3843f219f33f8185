"""A server of Toxiproxy's API with the proxy ``echo`` before an echo server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.proxy.echo_server import EchoServer
from tests.integration.toxiproxy.toxiproxy_server import ToxiproxyServer


@pytest.fixture(scope="session")
def running() -> Iterator[ToxiproxyServer]:
    """One server for all tests; it must end well and silent, whatever they did to it."""
    server = ToxiproxyServer("--proxy-metrics", "--seed", "7")
    yield server
    assert server.end() == (0, "")


@pytest.fixture
def echo_server() -> Iterator[EchoServer]:
    server = EchoServer()
    yield server
    server.close()


@pytest.fixture
def server(running: ToxiproxyServer) -> Iterator[ToxiproxyServer]:
    """The server, with no proxy before and none after."""
    yield running
    for name in running.wanted("GET", "/proxies"):
        running.wanted("DELETE", f"/proxies/{name}")


@pytest.fixture
def echo(server: ToxiproxyServer, echo_server: EchoServer) -> int:
    """The port of the proxy ``echo``."""
    return server.proxy("echo", echo_server.address)
