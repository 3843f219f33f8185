"""Signature of a failure: what makes two failing tests the same bug.

Line numbers and values change with every edit and every example, so neither is part of it: a
failure is told by the exception's type and the text of the innermost line of the project's own
code, or by the names of the checks that failed.
"""

from __future__ import annotations

import linecache
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_tb

import hormesis
from hormesis.compose.by_hand_trouble import NoBite
from hormesis.testing.effectiveness.rows import Sighting, without_parameters
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged

MESSAGE_MAX = 240
"""Characters of an exception's first line that are kept."""
PLACE_MAX = 240
"""Characters of a place that are kept."""

_FOREIGN = ("site-packages", "dist-packages")
_OURS = Path(hormesis.__file__).resolve().parent


def sightings_of(
    error: BaseException, *, run: int, test: str, root: Path, expected: bool = False
) -> tuple[Sighting, ...]:
    """Return one sighting for each failure in *error*, which may be a group of several.

    *root* is the folder below which code is the project's own.
    """
    found: dict[str, Sighting] = {}
    for leaf in leaves_of(error):
        one = Sighting(
            run=run,
            test=without_parameters(test),
            error=type(leaf).__name__,
            place=place_of(leaf, root, outermost=error),
            message=_first_line(leaf),
            expected=expected,
        )
        found.setdefault(one.signature, one)
    return tuple(found.values())


def is_flaky(error: BaseException) -> bool:
    """Return whether Hypothesis itself says that one example both passed and failed."""
    kind = type(error)
    return kind.__module__ == "hypothesis.errors" and kind.__name__.startswith("Flaky")


def has_shown_nothing(error: BaseException) -> bool:
    """Return whether *error* says only that there is no evidence: no bite, or no verdict."""
    if is_flaky(error):
        return False
    return all(_has_no_evidence(leaf) for leaf in leaves_of(error))


def _has_no_evidence(error: BaseException) -> bool:
    if isinstance(error, NoBite):
        return True
    judged = getattr(error, "judged", None)
    if not isinstance(judged, Judged):
        return False
    verdict = judged.verdict
    return verdict.outcome is Outcome.UNKNOWN and not verdict.stopped_by and not verdict.dirty


def leaves_of(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions of a group, or the one exception that there is."""
    if isinstance(error, BaseExceptionGroup) and not is_flaky(error):
        for one in error.exceptions:
            yield from leaves_of(one)
    else:
        yield error


def place_of(error: BaseException, root: Path, outermost: BaseException | None = None) -> str:
    """Return the names of the failing checks, or the innermost own frame with its source line.

    An exception that never went through own code has no place: the text is empty.
    """
    checks = getattr(error, "checks", None)
    if isinstance(checks, tuple) and checks and all(isinstance(one, str) for one in checks):
        return _cut("checks: " + ", ".join(sorted(checks)))
    for one in (error, outermost):
        frames = list(walk_tb(one.__traceback__)) if one is not None else []
        for frame, line in reversed(frames):
            file = Path(frame.f_code.co_filename)
            if is_own(file, root):
                source = linecache.getline(str(file), line).strip()
                own = file.resolve().relative_to(root.resolve()).as_posix()
                return _cut(f"{own}:{frame.f_code.co_name}: {source}")
    return ""


def is_own(file: Path, root: Path) -> bool:
    """Return whether *file* is the project's: below *root*, not installed, and not the toolkit."""
    real = file.resolve()
    if not real.is_relative_to(root.resolve()) or real.is_relative_to(_OURS):
        return False
    if any(part in _FOREIGN for part in real.parts):
        return False
    return not real.is_relative_to(Path(sysconfig.get_paths()["stdlib"]).resolve())


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:MESSAGE_MAX] if lines else ""


def _cut(text: str) -> str:
    return text if len(text) <= PLACE_MAX else text[: PLACE_MAX - 1] + "…"
