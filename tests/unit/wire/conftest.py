from __future__ import annotations

import pytest

from tests.unit.wire.makes import MAKES, Make


@pytest.fixture(params=MAKES)
def make(request: pytest.FixtureRequest) -> Make:
    """Each make of the wire in turn."""
    found: Make = request.param
    return found
