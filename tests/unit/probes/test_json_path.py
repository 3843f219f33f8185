from __future__ import annotations

from typing import Any

import pytest

from hormesis.host.json_path import Missing, at_path, checked_path

DATA = {"job": {"id": "j", "tags": ["a", {"b": 2}]}, "dotted.key": 1, "none": None}


@pytest.mark.parametrize(
    ("path", "found"),
    [("job.id", "j"), ("job.tags.1.b", 2), ("dotted.key", 1), ("none", None), ("job.tags.0", "a")],
)
def test_found(path: str, found: Any) -> None:
    assert at_path(DATA, path) == found


@pytest.mark.parametrize("path", ["jib", "job.id.x", "job.tags.2", "job.tags.-1", "none.x"])
def test_missing(path: str) -> None:
    with pytest.raises(Missing, match="nothing at"):
        at_path(DATA, path)


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="dotted path"):
        checked_path(path)
