"""One fault that a program asks for has the problems that it would have in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hormesis.spec.document import Document, Spot
from hormesis.spec.single_fault import read_single_fault
from hormesis.words.experiment import FaultTrack
from hormesis.words.target import Target
from hormesis.words.trouble import InputTrouble
from tests.unit.spec.small_kinds import Kill, Latency, small_catalogue

TARGETS: Mapping[str, tuple[Target, ...]] = {
    "web": (Target("web", service="web", link="web"),),
    "db": (Target("db", service="db"),),
}


def read(kind: str, target: str, **fields: Any) -> FaultTrack:
    data = {kind: {"fault": kind, "target": target, "for": "5s", **fields}}
    document = Document("program.py", "/", data, {(): Spot(7, 1)})
    return read_single_fault(document, catalogue=small_catalogue(), targets=TARGETS)


def test_a_fault_is_read() -> None:
    slow = read("latency", "web", delay="1s", name="slow", pick=1)
    assert (slow.name, slow.target, slow.for_s, slow.pick) == ("slow", "web", 5.0, 1)
    assert slow.fault == Latency(delay="1s")
    assert str(slow.place) == "program.py:7:1"
    assert read("kill", "db").fault == Kill()


@pytest.mark.parametrize(
    ("kind", "target", "fields", "told"),
    [
        ("latncy", "web", {}, "latncy.fault: expected the name of a fault, found 'latncy'; "
         "did you mean latency?"),
        ("latency", "web", {"delai": "1s", "delay": "1s"}, "latency.delai: expected a known key, "
         "found delai; did you mean delay?"),
        ("latency", "webb", {"delay": "1s"}, "latency.target: expected the name of a target, "
         "found 'webb'; did you mean web?"),
        ("latency", "web", {"delay": 1}, "latency.delay: expected a duration with a unit, such as "
         "500ms, 30s or 1m30s, found 1"),
        ("latency", "db", {"delay": "1s"}, "latency.target: expected a target with link for the "
         "fault latency, found db, which has network, process; add `link:` to the target db"),
        ("kill", "db", {"at": "1s"}, "kill.at: expected no at, because a fault by hand begins at "
         "once and once"),
        ("kill", "db", {"repeat": {"every": "1s", "times": 3}}, "kill.repeat: expected no repeat, "
         "because a fault by hand begins at once and once"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(kind: str, target: str, fields: Any, told: str) -> None:
    with pytest.raises(InputTrouble) as caught:
        read(kind, target, **fields)
    assert str(caught.value) == f"program.py:7:1: {told}"


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InputTrouble) as caught:
        read("latency", "webb", delai="1s")
    assert len(caught.value.problems) == 2
