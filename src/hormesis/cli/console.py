"""The two consoles: results on standard output, progress and complaints on standard error."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress

from rich.console import Console
from rich.text import Text

from hormesis.words.outcome import Outcome


class _UnreadConsole(Console):
    """A console that falls silent when nobody reads it any more.

    What is being done goes on, and its own exit code counts: rich would end the program.
    """

    def on_broken_pipe(self) -> None:
        """Write into nothing from now on."""
        self.quiet = True
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.file.fileno())
            os.close(nowhere)

    def tell_json(self, data: object) -> None:
        """Print *data* as indented JSON; in colour for a person, and at once for a program."""
        text = json.dumps(data, indent=2, ensure_ascii=False)
        if self.is_terminal:
            self.print_json(text)
        else:
            self.out(text, highlight=False)


out = _UnreadConsole(highlight=False, soft_wrap=True)
err = _UnreadConsole(stderr=True, highlight=False, soft_wrap=True)

MARKS = {Outcome.PASS: ("✔", "green"), Outcome.FAIL: ("✘", "red"), Outcome.UNKNOWN: ("?", "yellow")}
"""Each outcome's sign and colour; the sign stands alone where there is no colour."""


def complain(problems: Sequence[str], *, hint: str = "") -> None:
    """Print one line per problem on standard error."""
    for problem in problems:
        err.print(Text(f"hormesis: {problem}"))
    if hint:
        err.print(Text(f"hormesis: {hint}"))


def marked(outcome: Outcome, text: str, remark: str = "") -> Text:
    """Return *text* behind the outcome's sign, in its colour; a remark on it is a star."""
    sign, colour = MARKS[outcome]
    sign += "*" * bool(remark)
    return Text.assemble((f"{sign} ", f"bold {colour}"), text)
