"""Faults that come again: what the file says, in seconds and scaled."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.words.experiment import Repeat
from tests.unit.spec.reading import read_text

FILE = """title: Repeats
vars: {{gap: 4s}}
system:
  processes: {{web: {{run: [web]}}}}
  targets: {{web: {{process: web}}}}
tracks:
  - {{fault: stop, target: web, at: 10s, for: 2s, repeat: {repeat}}}
"""


@pytest.mark.parametrize(
    ("repeat", "means"),
    [
        ("{every: 5s, times: 3}", Repeat(5.0, 5.0, times=3)),
        ("{every: '${gap}', until: 1m}", Repeat(4.0, 4.0, until_s=60.0)),
        ("{every: {min: 1s, max: 1500ms}, until: 11s}", Repeat(1.0, 1.5, until_s=11.0)),
    ],
)
def test_repeat(tmp_path: Path, repeat: str, means: Repeat) -> None:
    (track,) = read_text(tmp_path, FILE.format(repeat=repeat)).faults
    assert track.repeat == means


def test_gaps_and_the_end_are_scaled(tmp_path: Path) -> None:
    text = FILE.format(repeat="{every: {min: 4s, max: 6s}, until: 60s}")
    (track,) = read_text(tmp_path, text, time_scale=0.5).faults
    assert track.repeat == Repeat(2.0, 3.0, until_s=30.0)
    assert (track.at_s, track.for_s) == (5.0, 1.0)
