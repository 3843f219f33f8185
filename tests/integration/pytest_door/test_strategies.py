"""Every statement that a strategy makes is accepted by a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hormesis.host.postgres.binaries import Installation, installations
from tests.integration.pytest_door.strategy_proofs import Proofs
from tests.integration.pytest_door.strategy_server import served

pytestmark = pytest.mark.integration
PROMISES = ("keywords", "names", "values", "messages", "schemas", "migrations")
FEW = 10
MANY = 300


@pytest.fixture(scope="module")
def newest() -> Iterator[str]:
    with served(next(installations())) as dsn:
        yield dsn


@pytest.mark.xdist_group("strategies")
@pytest.mark.parametrize("promise", PROMISES)
def test_the_newest_server_accepts_what_is_drawn(newest: str, promise: str) -> None:
    proofs = Proofs(newest, FEW, derandomize=True)
    try:
        getattr(proofs, promise)()
        assert proofs.ran.total() >= FEW
    finally:
        proofs.close()


def _each_major() -> list[Installation]:
    found: dict[int, Installation] = {}
    for one in installations():
        found.setdefault(one.major, one)
    return [found[major] for major in sorted(found)]


@pytest.fixture(scope="module", params=_each_major(), ids=lambda one: str(one.major))
def each(request: pytest.FixtureRequest) -> Iterator[str]:
    with served(request.param) as dsn:
        yield dsn


@pytest.mark.prove
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("promise", PROMISES)
def test_every_version_accepts_thousands(each: str, promise: str) -> None:
    proofs = Proofs(each, MANY, derandomize=False)
    try:
        getattr(proofs, promise)()
        assert proofs.ran.total() >= MANY or promise == "keywords"
        if promise == "migrations":
            assert len(proofs.ran) >= 15, "some sort of step was never drawn"
    finally:
        proofs.close()
