"""The store remembers, forgets what is old, and stands two runs at once."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hormesis.testing.effectiveness.rows import Evidence, Execution, Outcome, Record, Run, Sighting
from hormesis.testing.effectiveness.store import Store, StoreTrouble, with_run

RUN = Run(0, 1_000.5, 2.5, "abc", "7")
EXECUTION = Execution(0, "t.py::a[1]", Outcome.FAILED, 0.5, ("chaos", "load"), 30, 20, 4)
SIGHTING = Sighting(0, "t.py::a", "ValueError", "a.py:f: x", "found 1", True)
EVIDENCE = Evidence(0, "t.py::a[1]", "race", 3, "10 workers", ("chaos",))


def add(store: Store, place: str = "a.py:f: x") -> int:
    sighting = Sighting(0, "t.py::a", "ValueError", place)
    return store.add(RUN, [EXECUTION], [sighting], [EVIDENCE])


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "below" / "store.sqlite")
    assert store.read() == Record()
    assert store.add(RUN, [EXECUTION], [SIGHTING], [EVIDENCE]) == 1
    found = store.read()
    assert found.runs == [Run(1, 1_000.5, 2.5, "abc", "7")]
    assert found.executions == [
        Execution(1, "t.py::a[1]", Outcome.FAILED, 0.5, ("chaos", "load"), 30, 20, 4)
    ]
    assert found.sightings == [Sighting(1, "t.py::a", "ValueError", "a.py:f: x", "found 1", True)]
    assert found.evidence == [Evidence(1, "t.py::a[1]", "race", 3, "10 workers", ("chaos",))]
    assert found.first_seen == {SIGHTING.signature: 1}


def test_it_is_bounded_and_still_knows_when_a_bug_was_first_seen(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite", runs_max=3)
    for _ in range(8):
        add(store)
    found = store.read()
    assert [run.number for run in found.runs] == [6, 7, 8]
    assert {one.run for one in found.executions} == {6, 7, 8}
    assert {one.run for one in found.sightings} == {one.run for one in found.evidence} == {6, 7, 8}
    assert set(found.first_seen.values()) == {1}


def test_bugs_that_were_not_seen_for_long_are_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite", bugs_max=2)
    for place in ("one", "two", "one", "three"):
        add(store, place)
    assert {one.rpartition("|")[2]: first for one, first in store.read().first_seen.items()} == {
        "one": 1,
        "three": 4,
    }


def test_runs_at_once_are_all_in_it(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: add(Store(file)), range(24)))
    assert sorted(numbers) == list(range(1, 25))
    found = Store(file).read()
    assert len(found.runs) == len(found.executions) == 24


def test_a_run_that_broke_off_in_the_middle_is_not_in_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    add(store)
    bad = Evidence(0, "t.py::a", None, 1)  # type: ignore[arg-type]
    with pytest.raises(StoreTrouble):
        store.add(RUN, [EXECUTION], [SIGHTING], [bad])
    assert len(store.read().runs) == len(store.read().executions) == 1


def test_what_is_no_store_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    file.write_text("this is no database, and it is long enough to be looked at as one" * 20)
    before = file.read_bytes()
    with pytest.raises(StoreTrouble, match="move the file away"):
        add(Store(file))
    assert file.read_bytes() == before


def test_a_store_of_another_format_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    add(Store(file))
    with sqlite3.connect(file) as db:
        db.execute("pragma user_version = 99")
    db.close()
    with pytest.raises(StoreTrouble, match="expected a store of format 1, found 99"):
        Store(file).read()


def test_one_run_alone_reads_as_if_it_had_been_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    rows = ([EXECUTION], [SIGHTING], [EVIDENCE])
    store.add(RUN, *rows)
    assert with_run(Record(), RUN, *rows) == store.read()
