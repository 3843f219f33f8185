"""The values behind the strategies: names, normal forms, orders, schedules."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.strategies import (
    Check,
    Column,
    ColumnType,
    Identifier,
    PrimaryKey,
    Row,
    SemanticVersion,
    Table,
    Value,
    column_types,
    fault_schedules,
    identifiers,
    nemesis_script,
    programs,
    rows_of,
    tables,
    values_of,
)
from hormesis.strategies.drawn import DRAWN
from hormesis.strategies.identifier import quoted, truncated
from hormesis.testing.injector.acts import Script

FEW = settings(max_examples=30, derandomize=True, database=None, deadline=None)
A, B = Identifier("a"), Identifier("b")


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("orders", "orders"),
        ("Orders", '"Orders"'),
        ("select", '"select"'),
        ("abort", "abort"),
        ('a"b', '"a""b"'),
        ("1a", '"1a"'),
        ("é", '"é"'),
    ],
)
def test_a_name_is_quoted_where_it_must_be(name: str, sql: str) -> None:
    assert quoted(name) == sql


def test_names_are_cut_by_bytes_at_whole_letters() -> None:
    assert truncated("é" * 40) == "é" * 31
    assert truncated("a" * 70) == "a" * 63


@FEW
@given(identifiers(bytes_max=10), identifiers(plain=True))
def test_names_keep_to_their_length(short: Identifier, plain: Identifier) -> None:
    assert 1 <= len(short.name.encode()) <= 10
    assert plain.sql == plain.name


@pytest.mark.parametrize("bytes_max", [0, 64])
def test_a_length_that_no_server_has_is_refused(bytes_max: int) -> None:
    with pytest.raises(ValueError, match="1 to 63"):
        identifiers(bytes_max=bytes_max)


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="older than 15"):
        tables(version=14)
    with pytest.raises(ValueError, match="no such types: int8"):
        column_types(["int8"])


@dataclass
class Span:
    """Stands for a driver's range."""

    bounds: str | None
    lower: Any
    upper: Any
    isempty: bool = False


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("base", "stored", "same", "other"),
    [
        ("double precision", float("nan"), float("nan"), 0.0),
        ("double precision", -0.0, -0.0, 0.0),
        ("real", 86755408.0, 86755410.0, 86755424.0),
        ("numeric", Decimal("NaN"), Decimal("NaN"), Decimal(0)),
        ("numeric", Decimal("1.50"), Decimal("1.5"), Decimal("1.51")),
        ("boolean", True, True, 1),
        ("integer", 1, 1, True),
        ("timestamptz", NOON, NOON.astimezone(timezone(timedelta(hours=3))), NOON.replace(day=2)),
        ("int4range", ("[)", 1, 5), Span("[)", 1, 5), Span("[)", 1, 6)),
        ("int4range", ("empty", None, None), Span(None, None, None, True), Span("[)", 1, 2)),
        ("jsonb", {"a": [1.0, None]}, {"a": [1, None]}, {"a": [1, 0]}),
        ("text", "a", "a", "a "),
        ("text", None, None, ""),
    ],
)
def test_the_same_is_told_from_the_other(base: str, stored: Any, same: Any, other: Any) -> None:
    value = Value(ColumnType(base), stored, stored)
    assert value.same(same)
    assert not value.same(other)


@pytest.mark.parametrize(
    ("base", "param", "sql"),
    [
        ("integer", -3, "-3"),
        ("text", "it's", "'it''s'"),
        ("text", "a\\b", "E'a\\\\b'"),
        ("double precision", float("-inf"), "'-Infinity'::double precision"),
        ("bytea", b"\x01", "E'\\\\x01'::bytea"),
        ("date", None, "NULL"),
    ],
)
def test_a_value_is_written_as_sql(base: str, param: Any, sql: str) -> None:
    assert Value(ColumnType(base), param, param).sql == sql


def test_an_array_is_written_with_its_nulls_and_quotes() -> None:
    rows = [["a", None], ['b"', "null"]]
    value = Value(ColumnType("text", dimensions=2), rows, rows)
    assert value.sql == 'E\'{{a,NULL},{"b\\\\"","null"}}\'::text[][]'


@FEW
@given(values_of(ColumnType("interval"), beyond_python=True))
def test_infinite_intervals_wait_for_17(value: Value) -> None:
    assert value.param != "infinity"


@FEW
@given(st.data())
def test_rows_keep_their_constraints(data: st.DataObject) -> None:
    table = Table(
        A,
        (Column(A, ColumnType("smallint")), Column(B, ColumnType("text"))),
        (PrimaryKey((A,)), Check(A, at_least=3), Check(B)),
    )
    rows = data.draw(rows_of(table, min_size=2))
    keys = [row.values[A].param for row in rows]
    assert len(set(keys)) == len(keys) > 0
    assert all(isinstance(key, int) and key >= 3 for key in keys)
    assert all(row.values[B].param != "" for row in rows)


def test_percent_signs_are_doubled_where_parameters_are() -> None:
    name = Identifier("a%b")
    table = Table(name, (Column(name, ColumnType("integer")),))
    row = Row(table, {name: Value(ColumnType("integer"), 1, 1)})
    assert row.insert == ('INSERT INTO "a%%b" ("a%%b") VALUES (%s::integer)', (1,))
    assert row.sql == 'INSERT INTO "a%b" ("a%b") VALUES (1)'


def test_the_order_of_versions_is_that_of_semver() -> None:
    """The example of semver.org 2.0.0, rule 11."""
    before: list[tuple[int | str, ...]] = [
        ("alpha",), ("alpha", 1), ("alpha", "beta"), ("beta",), ("beta", 2), ("beta", 11),
        ("rc", 1), (),
    ]  # fmt: skip
    ordered = [SemanticVersion(1, prerelease=one) for one in before]
    shuffled = [ordered[place] for place in (3, 0, 7, 1, 6, 2, 5, 4)]
    assert sorted(shuffled) == ordered
    assert SemanticVersion(1, build=("a",)) != SemanticVersion(1)
    assert not SemanticVersion(1, build=("a",)) < SemanticVersion(1)
    assert str(SemanticVersion(1, 2, 3, ("rc", 1), ("x",))) == "1.2.3-rc.1+x"


@settings(FEW, max_examples=15)
@given(fault_schedules({"stop": {}, "pause": {}}, targets=["web", "bot"], max_size=4))
def test_a_schedule_is_tracks_and_a_script(schedule: list[dict[str, Any]]) -> None:
    ends = [int(t["at"][:-2]) + int(t["for"][:-2]) for t in schedule]
    begins = [int(t["at"][:-2]) for t in schedule]
    assert all(end <= begin for end, begin in zip(ends, begins[1:], strict=False))
    assert max(ends) <= 10_000
    acts = Script.read(nemesis_script(schedule))
    assert [act.name for act in acts] == [track["fault"] for track in schedule]


def test_a_schedule_goes_into_an_experiment(tmp_path: Path) -> None:
    seen: list[int] = []

    @settings(FEW, max_examples=5)
    @given(fault_schedules(["stop", "pause"], targets=["web"], min_size=3))
    def prepared(schedule: list[dict[str, Any]]) -> None:
        file = tmp_path / "experiment.json"
        system = {
            "processes": {"web": {"run": [sys.executable]}},
            "targets": {"web": {"process": "web"}},
        }
        file.write_text(json.dumps({"title": "Drawn", "system": system, "tracks": schedule}))
        ready = prepare(RunRequest(file=file, out=tmp_path / "runs"))
        assert ready.timeline.duration_s > 0
        seen.append(len(schedule))

    prepared()
    assert seen


@FEW
@given(programs({"commit": {"branch": st.sampled_from("ab")}, "read": {}}, clients=3))
def test_a_program_has_its_clients(program: Any) -> None:
    assert len(program.clients) == 3
    assert program.size == sum(len(one) for one in program.clients) >= 3
    named = {one.name: set(one.arguments) for client in program.clients for one in client}
    assert named.items() <= {"commit": {"branch"}, "read": set()}.items()


def test_impossible_wishes_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one operation"):
        programs([])
    with pytest.raises(ValueError, match="no fault fits"):
        fault_schedules(["stop"], within_s=1.0, hold_s=(2.0, 3.0))


def test_what_is_drawn_is_counted() -> None:
    before = DRAWN["tables"]

    @settings(FEW, max_examples=3)
    @given(tables())
    def drawn(table: Table) -> None:
        assert table.columns

    drawn()
    assert DRAWN["tables"] >= before + 3
