"""Version numbers as Hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from hormesis.strategies.drawn import counted
from hormesis.strategies.shrinkable import sizes
from hormesis.strategies.version import SemanticVersion

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-"


def versions() -> st.SearchStrategy[SemanticVersion]:
    """Draw semantic versions, prereleases and builds among them; they shrink to ``0.0.0``."""
    number = st.integers(0, 20) | st.integers(0, 2**31)
    word = st.sampled_from(("alpha", "beta", "rc")) | st.text(_LETTERS, min_size=1, max_size=8)
    before = st.lists(number | word.filter(lambda w: not w.isdigit()), max_size=3).map(tuple)
    build = st.lists(st.text(_LETTERS, min_size=1, max_size=8), max_size=2).map(tuple)
    return counted(
        "versions", st.builds(SemanticVersion, number, number, number, before, build)
    )  # fmt: skip


def version_numbers(*, min_value: int = 1, max_value: int = 2**31 - 1) -> st.SearchStrategy[int]:
    """Draw integer versions, as a column of type ``integer`` holds them."""
    edges = st.sampled_from((min_value, min(min_value + 1, max_value), max_value))
    return counted("versions", st.integers(min_value, max_value) | edges)


@st.composite
def version_histories(
    draw: st.DrawFn, *, min_size: int = 1, max_size: int = 8
) -> tuple[SemanticVersion, ...]:
    """Draw releases one after the other, each larger than the one before."""
    size = draw(sizes(min_size, max_size))
    found = [draw(st.builds(SemanticVersion, st.integers(0, 3), st.integers(0, 3)))]
    while len(found) < size:
        last = found[-1]
        part = draw(st.sampled_from(("patch", "minor", "major")))
        if part == "patch":
            found.append(SemanticVersion(last.major, last.minor, last.patch + 1))
        elif part == "minor":
            found.append(SemanticVersion(last.major, last.minor + 1))
        else:
            found.append(SemanticVersion(last.major + 1))
    return tuple(found)
