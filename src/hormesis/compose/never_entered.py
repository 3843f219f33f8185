"""Never entered: what was asked for and not begun, because its ``with`` is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from hormesis.compose.by_hand_trouble import NeverEntered

_OURS = ("hormesis.", "_hormesis_pytest", "contextlib")


class Asked(Protocol):
    """Something that does nothing until it is entered."""

    @property
    def never_entered(self) -> str:
        """What was asked for, and where; empty once it was entered."""
        ...


def called_from() -> str:
    """Return ``file:line`` of the program's own code that called into Hormesis."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(str(frame.f_globals.get("__name__", ""))):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


def must_be_entered(things: Iterable[Asked]) -> None:
    """Do nothing if every one of *things* was entered.

    Raises:
        NeverEntered: some were not, so they did nothing.
    """
    missed = list(dict.fromkeys(told for one in things if (told := one.never_entered)))
    if missed:
        raise NeverEntered(
            f"{'; '.join(missed)} {'was' if len(missed) == 1 else 'were'} never entered,"
            " so nothing was done; use `with`"
        )


def _is_ours(module: str) -> bool:
    return module.startswith(_OURS)
