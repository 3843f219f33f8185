"""One real PostgreSQL server for a session of tests: embedded, or the system's newest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proving_ground.programs import Postgres


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A running server; give each test that writes a database of its own."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    try:
        server.start()
        yield server
    finally:
        server.discard()
