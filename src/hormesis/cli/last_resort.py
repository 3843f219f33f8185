"""Last resort: what is said of an error that no command has foreseen, instead of a traceback."""

from __future__ import annotations

import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

from hormesis.cli.console import complain
from hormesis.words.outcome import ExitCode


def give_up(error: Exception) -> ExitCode:
    """Tell of *error* in one line and return the exit code: nobody knows what came of it all.

    What the operating system refused is the user's to mend, and says so itself. Anything else is a
    bug of ours; what is needed to find it is kept in a file.
    """
    # Where even this cannot be said, the exit code still is.
    with suppress(OSError):
        if isinstance(error, OSError):
            complain([str(error) or type(error).__name__])
        else:
            hint = f"please report it with {_kept()}"
            complain([f"internal error: {type(error).__name__}: {error}; {hint}"])
    return ExitCode.UNKNOWN


def _kept() -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="hormesis-crash-", suffix=".txt", delete=False
    ) as file:
        file.write(traceback.format_exc())
    return Path(file.name)
