from __future__ import annotations

import pytest

from tests.integration.clients.conftest import certificate
from tests.unit.wire.conftest import make

__all__ = ["anyio_backend", "certificate", "make"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
