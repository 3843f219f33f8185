from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.container_engine import missing, shared_engine


@pytest.fixture(scope="session")
def container_engine() -> Mapping[str, str]:
    """What the rows about containers need to know; without it they are skipped, and say why."""
    return {} if missing() else shared_engine().environment()
