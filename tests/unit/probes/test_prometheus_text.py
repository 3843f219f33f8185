from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.host.prometheus_text import samples_of

PAGE = """\
# HELP jobs Jobs by status.
# TYPE jobs gauge
jobs{status="pending",kind="a b"} 3
jobs{status="done",} 1e3 1700000000000
jobs_total 7
jobs_created{status="pending"} 9
leader 1.0
broken{status="x" 1
nan NaN
up{path="C:\\\\dir",say="\\"hi}\\"\\n"} +Inf # {trace_id="a"} 1.0
"""


def test_labels_values_and_time_stamps() -> None:
    found = [(one.labels, one.value) for one in samples_of(PAGE, "jobs")]
    assert found == [({"status": "pending", "kind": "a b"}, 3), ({"status": "done"}, 1000)]


@pytest.mark.parametrize(("name", "value"), [("leader", 1.0), ("jobs_total", 7.0)])
def test_plain_ones(name: str, value: float) -> None:
    assert [one.value for one in samples_of(PAGE, name)] == [value]


def test_escapes_braces_and_exemplars() -> None:
    (sample,) = samples_of(PAGE, "up")
    assert sample.labels == {"path": "C:\\dir", "say": '"hi}"\n'}
    assert math.isinf(sample.value)


def test_absent_and_broken_ones_are_none() -> None:
    assert list(samples_of(PAGE, "job")) == []
    assert list(samples_of(PAGE, "broken")) == []


@given(st.text())
def test_nothing_on_a_page_raises(page: str) -> None:
    list(samples_of("up" + page, "up"))
