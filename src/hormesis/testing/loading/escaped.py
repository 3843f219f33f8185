"""Escaped: what went wrong in the operations of a load, and whether that is the test's own doing.

A server that is hurt fails operations, which is what a test may want. A misspelt table, or a
mistake in the function that is called, fails them as well, and such a load has loaded nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hormesis.host.raised import is_bug, told
from hormesis.words.trouble import Trouble

if TYPE_CHECKING:
    from hormesis.testing.loading.figures import LoadFigures

MISSPELT = ("42601", "42703", "42883", "42P01", "3F000")
"""What the server says to SQL that it cannot understand: syntax, column, function, table, schema.

A migration beside a load brings them for a while too, so they are mistakes only where nothing at
all ended ok.
"""


class LoadBroken(AssertionError):
    """A load of which no operation ended ok, so it has shown nothing."""


class Escaped:
    """Keeps the first error of a load, and the first that is a mistake; safe from any thread."""

    def __init__(self) -> None:
        self.first: BaseException | None = None
        self.mistake: BaseException | None = None

    def heard(self, error: BaseException) -> None:
        """Note what an operation raised."""
        self.first = self.first or error
        if isinstance(error, AssertionError | Trouble) or is_bug(error):
            self.mistake = self.mistake or error

    def judge(self, figures: LoadFigures, *, may_fail: bool) -> None:
        """Raise what makes *figures* worthless.

        Raises:
            LoadBroken: no operation ended ok; with *may_fail* only where the SQL is misspelt.
            BaseException: the function's own mistake, as it was raised.
        """
        if self.mistake is not None:
            self.mistake.add_note(f"raised by an operation of the load: {figures}")
            raise self.mistake
        misspelt = any(word in MISSPELT for word in figures.errors)
        if figures.ok or (may_fail and not misspelt):
            return
        if not figures.count:
            raise LoadBroken(f"the load made no operation: {figures}")
        counted = ", ".join(f"{word}: {count}" for word, count in figures.errors.items())
        first = "" if self.first is None else f"; the first: {told(self.first)}"
        hint = "" if misspelt else "; where that is what the test wants: may_fail=True"
        raise LoadBroken(
            f"none of the {figures.count} operations ended ok ({counted}){first}{hint}"
        ) from self.first
