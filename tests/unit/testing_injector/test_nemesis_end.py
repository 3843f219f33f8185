"""What a nemesis could not undo is raised, whatever becomes of its block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from hormesis.compose.by_hand_trouble import NotUndone
from hormesis.testing.dirt import dirt_of
from hormesis.testing.nemesis.nemesis import Nemesis


class Injector:
    """Holds a lock that never goes."""

    seed = 1

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.failing = Event()

    @contextmanager
    def hold_lock(self) -> Iterator[Any]:
        self.failing.set()
        yield None
        raise self._error


def left_by(error: Exception) -> BaseException:
    """Return what comes out of a block that fails while *error* happens to the nemesis."""
    injector: Any = Injector(error)
    try:
        with Nemesis(injector, ["hold_lock"], every=0.001, for_s=0, most=1):
            injector.failing.wait(10)
            raise KeyError("the test's own")
    except BaseException as raised:  # noqa: BLE001 - it is what is looked at
        return raised


def test_dirt_goes_before_the_error_of_the_test() -> None:
    raised = left_by(NotUndone("the lock is still there"))
    assert "the lock is still there" in dirt_of(raised)
    assert isinstance(raised.__cause__, KeyError)


def test_any_other_failure_is_a_note_of_the_error_of_the_test() -> None:
    raised = left_by(ValueError("no such table"))
    assert isinstance(raised, KeyError) and not dirt_of(raised)
    assert "no such table" in raised.__notes__[0]


@pytest.mark.parametrize("error", [NotUndone("left"), ValueError("left")])
def test_a_block_that_ends_well_fails_by_it(error: Exception) -> None:
    injector: Any = Injector(error)
    nemesis = Nemesis(injector, ["hold_lock"], every=0.001, for_s=0, most=1)
    with pytest.raises(type(error), match="left"), nemesis:
        injector.failing.wait(10)
