from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hormesis.clients.virtual.current import CURRENT
from hormesis.load import Feed, FeedExhausted, csv_feed, json_feed
from tests.unit.clients.fake_user import FakeUser


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_text("name,age\na,1\nb,2\nc,3\nd,4\ne,5\n", encoding="utf-8")
    return path


@contextmanager
def as_user(number: int) -> Iterator[None]:
    token = CURRENT.set(FakeUser(number, seed=number))
    yield
    CURRENT.reset(token)


def taken(feed: Feed, number: int, count: int) -> list[Any]:
    with as_user(number):
        return [feed.next()["name"] for _ in range(count)]


def test_unique_rows(file: Path) -> None:
    feed = csv_feed(file)
    assert taken(feed, 2, 3) == ["b", "b", "b"]
    with as_user(2):
        assert feed.next() == {"name": "b", "age": "2"}
    with pytest.raises(FeedExhausted, match=r"users\.csv has 5 rows, and user 6 has no row"):
        taken(feed, 6, 1)
    assert taken(csv_feed(file, wrap=True), 6, 1) == ["a"]
    assert len(feed) == 5


def test_each_row_once(file: Path) -> None:
    feed = csv_feed(file, order="once", users=2)
    assert taken(feed, 1, 3) + taken(feed, 2, 2) == ["a", "c", "e", "b", "d"]
    with pytest.raises(FeedExhausted, match="user 1 has had its share"):
        taken(feed, 1, 1)
    with pytest.raises(FeedExhausted, match="beyond users=2"):
        taken(feed, 3, 1)


def test_sequential_and_random(file: Path) -> None:
    feed = csv_feed(file, order="sequential", wrap=True)
    assert taken(feed, 4, 3) == ["d", "e", "a"]
    short = csv_feed(file, order="sequential")
    with pytest.raises(FeedExhausted, match="has had them all"):
        taken(short, 1, 6)
    drawn = taken(csv_feed(file, order="random"), 1, 20)
    assert drawn == taken(csv_feed(file, order="random"), 1, 20)
    assert len(set(drawn)) > 2


def test_json_lines_and_lists(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"name": "a"}\n\n{"name": "b"}\n')
    (tmp_path / "a.json").write_text('[{"name": "x"}]')
    assert taken(json_feed(tmp_path / "a.jsonl"), 2, 1) == ["b"]
    assert taken(json_feed(tmp_path / "a.json"), 1, 1) == ["x"]


def test_wrong_feeds(tmp_path: Path, file: Path) -> None:
    (tmp_path / "empty.csv").write_text("name\n")
    with pytest.raises(FeedExhausted, match="has no rows"):
        taken(csv_feed(tmp_path / "empty.csv"), 1, 1)
    with pytest.raises(ValueError, match="expected order"):
        csv_feed(file, order="shuffled")
    with pytest.raises(ValueError, match="needs users="):
        csv_feed(file, order="once")


def test_a_relative_path_starts_beside_the_script(tmp_path: Path, file: Path) -> None:
    names: dict[str, Any] = {"__file__": str(tmp_path / "script.py"), "csv_feed": csv_feed}
    exec("feed = csv_feed('users.csv')", names)
    assert names["feed"].path == file
