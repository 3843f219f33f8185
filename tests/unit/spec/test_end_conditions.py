"""``end_when``: probes and probe tracks to give up on, with what scales and what does not."""

from __future__ import annotations

from pathlib import Path

from tests.unit.spec.reading import GOOD, read_text

ENDING = """
end_when:
  - {probe: sql, name: done, query: SELECT 3, expect: "> 3", every: 500ms, for: 2s,
     not_before: 10s}
  - {give_up: rows, unchanged_for: 30s, fields: [value], not_before: 20s, settle: 4s}
"""


def test_what_each_says(tmp_path: Path) -> None:
    done, stuck = read_text(tmp_path, GOOD + ENDING, time_scale=0.5).end_when
    assert (done.name, done.every_s, done.for_s, done.settle_s) == ("done", 0.5, 2.0, None)
    assert done.probe is not None and done.probe.expect == "> 3"
    assert (done.not_before_s, stuck.not_before_s) == (5.0, 10.0), "of the run's own shape"
    assert (stuck.name, stuck.gives_up_on) == ("give up on rows", "rows")
    assert (stuck.unchanged_s, stuck.settle_s) == (30.0, 4.0), "expected of the system"
    assert stuck.describe() == "value unchanged for 30s, from 10s on"
    assert done.describe().endswith("meets '> 3' for 2s, from 5s on")


def test_there_need_be_none(tmp_path: Path) -> None:
    assert read_text(tmp_path, GOOD).end_when == ()
