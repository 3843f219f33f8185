"""Own frames: what the toolkit raises is shown where the test called it, not where it arose."""

from __future__ import annotations

from pathlib import Path
from sysconfig import get_paths
from types import TracebackType

import pytest
from _pytest._code import Traceback

import hormesis

_PACKAGE = Path(hormesis.__file__).parent
_ENTRY = "_hormesis_pytest.py"
_STDLIB = get_paths()["stdlib"]


def hide_own_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Leave out the toolkit's frames of an error that says itself what is wrong.

    Any other error that comes out of the toolkit is shown whole.
    """
    for error in _chain(excinfo.value, {}):
        if is_told(error):
            error.__traceback__ = _without_own(error.__traceback__)
    if is_told(excinfo.value) and excinfo.value.__traceback__ is not None:
        excinfo.traceback = Traceback(excinfo.value.__traceback__)


def unless_refused(excinfo: pytest.ExceptionInfo[BaseException] | None) -> bool:
    """Whether pytest hides a frame: not of what is shown without any, or it would mention that."""
    error = None if excinfo is None else excinfo.value
    return not (isinstance(error, pytest.fail.Exception) and not error.pytrace)


def is_told(error: BaseException) -> bool:
    """Whether *error* is of a kind that the toolkit defines."""
    return type(error).__module__.partition(".")[0] == hormesis.__name__


def _chain(error: BaseException | None, seen: dict[int, BaseException]) -> list[BaseException]:
    if error is not None and id(error) not in seen:
        seen[id(error)] = error
        for one in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
            _chain(one, seen)
        _chain(error.__cause__, seen)
        _chain(error.__context__, seen)
    return list(seen.values())


def _without_own(trace: TracebackType | None) -> TracebackType | None:
    """Return the frames before the toolkit's, and of those behind only what is somebody's own."""
    kept, inside = [], False
    one = trace
    while one is not None:
        file = one.tb_frame.f_code.co_filename
        own = Path(file).is_relative_to(_PACKAGE) or file.endswith(_ENTRY)
        inside = inside or own
        if not own and not (inside and _is_standard(file)):
            kept.append(one)
        one = one.tb_next
    again: TracebackType | None = None
    for one in reversed(kept):
        again = TracebackType(again, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return again or trace


def _is_standard(file: str) -> bool:
    """Whether it is of the standard library, which the toolkit calls and is called back by."""
    return file.startswith("<") or (file.startswith(_STDLIB) and "-packages" not in file)
