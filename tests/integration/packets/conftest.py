"""A station in a network namespace of its own, and holders that work on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from hormesis.host.means import nfqueue, user_namespace
from tests.integration.packets.playing import Station


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "integration/packets" in item.nodeid:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="module")
def station() -> Iterator[Station]:
    """Start a station; whoever may not have one skips, and says why."""
    yield from _started()


@pytest.fixture
def lone() -> Iterator[Station]:
    """Start a station that no other test has left a connection in.

    A holder that is killed loses the packets that wait in its queue; when the end of a connection
    is among them, the connection lives on until it is sent again.
    """
    yield from _started()


def _started() -> Iterator[Station]:
    reason = user_namespace.missing() or nfqueue.missing()
    if reason:
        pytest.skip(f"no packet faults here: {reason}")
    with Station.started() as station:
        yield station


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack
