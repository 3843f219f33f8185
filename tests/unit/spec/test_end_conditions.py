"""``end_when``: probes and probe tracks to give up on, with what scales and what does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hormesis.plan.compile import compile_timeline
from hormesis.words.load import Finite
from hormesis.words.trouble import InputTrouble
from tests.unit.engine.scripted_client import Shaped
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


def test_one_that_counts_only_after_the_tracks_is_refused_with_its_place(tmp_path: Path) -> None:
    early = ENDING.replace("not_before: 20s", "not_before: 16s")
    timed = replace(read_text(tmp_path, GOOD + early), loads=())
    assert compile_timeline(timed).duration_s == 17.0
    late = read_text(tmp_path, GOOD + ENDING.replace("not_before: 20s", "not_before: 999s"))
    with pytest.raises(InputTrouble, match="expected not_before to be less than") as caught:
        compile_timeline(replace(late, loads=()))
    place = caught.value.problems[0].place
    assert place is not None and place.line > len(GOOD.splitlines())
    endless = Shaped(given=Finite(1, 10, each=False, duration_s_max=60.0))
    until_done = [replace(one, load=endless) for one in late.loads]
    assert until_done
    assert compile_timeline(replace(late, loads=tuple(until_done))).duration_s < 999.0
