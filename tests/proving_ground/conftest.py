from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.proving_ground.programs import Postgres, Server, running_server


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    try:
        server.start()
        # No test pulls the plug: what a killed server wrote is in the system's cache all the same.
        server.execute("ALTER SYSTEM SET fsync = off")
        server.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        server.discard()


@pytest.fixture
def postgres(postgres_server: Postgres) -> Postgres:
    """The shared PostgreSQL, running, whatever the test before did to it."""
    postgres_server.start()
    return postgres_server


StartServer = Callable[..., Server]


@pytest.fixture
def start_server(postgres: Postgres, tmp_path: Path) -> Iterator[StartServer]:
    """Start main servers; they stop with the test."""
    with ExitStack() as stack:

        def start(*arguments: str, **options: Any) -> Server:
            return stack.enter_context(running_server(postgres, tmp_path, *arguments, **options))

        yield start


@pytest.fixture(scope="module")
def shared_server(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A correct server for tests that neither break nor count anything global."""
    postgres_server.start()
    with running_server(postgres_server, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """A job kind that belongs to one test."""
    return str(request.node.name)
