"""Feeds: rows of a file for virtual users, divided without any talk between processes."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hormesis.clients.virtual.current import current_user

ORDERS = ("unique", "once", "sequential", "random")
Row = Mapping[str, Any]


class FeedExhausted(Exception):
    """There is no row left for the user; the message says what to do."""


class Feed:
    """The rows of a file, read when the first user asks; all users of a process share them.

    - ``unique``: user *n* has row *n*, always the same one.
    - ``once``: each row is handed out once in all: user *n* has the rows *n*, *n* + users, …
    - ``sequential``: each user goes through all rows, user *n* from row *n* on.
    - ``random``: rows are drawn from the user's own stream of the seed.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[Path], list[Row]],
        *,
        order: str,
        users: int,
        wrap: bool,
    ) -> None:
        if order not in ORDERS:
            raise ValueError(f"expected order to be one of {', '.join(ORDERS)}, found {order!r}")
        if order == "once" and users < 1:
            raise ValueError('order="once" needs users=, the highest number of users there will be')
        self.path = path
        self._read = read
        self._order = order
        self._users = users
        self._wrap = wrap
        self._rows: list[Row] | None = None
        self._taken: dict[tuple[str, int], int] = {}

    @property
    def rows(self) -> list[Row]:
        """Return all rows.

        Raises:
            FeedExhausted: there are none.
        """
        if self._rows is None:
            rows = self._read(self.path)
            if not rows:
                raise FeedExhausted(f"{self.path.name} has no rows")
            self._rows = rows
        return self._rows

    def next(self) -> Row:
        """Return the next row of the user whose code calls it.

        Raises:
            FeedExhausted: it has no further one, and the feed does not begin again.
        """
        rows = self.rows
        user = current_user()
        if self._order == "random":
            drawn: int = user.rng.randrange(len(rows))
            return rows[drawn]
        number: int = user.number - 1
        if self._order == "unique":
            return self._at(number, f"user {user.number} has no row of its own")
        taken = self._taken.get((user.load, number), 0)
        self._taken[user.load, number] = taken + 1
        if self._order == "sequential":
            if taken >= len(rows) and not self._wrap:
                raise self._exhausted(f"user {user.number} has had them all")
            return rows[(number + taken) % len(rows)]
        if number >= self._users:
            raise self._exhausted(f"user {user.number} is beyond users={self._users}")
        return self._at(number + taken * self._users, f"user {user.number} has had its share")

    def _at(self, index: int, why: str) -> Row:
        rows = self.rows
        if index < len(rows):
            return rows[index]
        if not self._wrap:
            raise self._exhausted(why)
        return rows[index % len(rows)]

    def _exhausted(self, why: str) -> FeedExhausted:
        return FeedExhausted(
            f"{self.path.name} has {len(self.rows)} rows, and {why}: "
            "give it more rows, have fewer users, or say wrap=True"
        )

    def __len__(self) -> int:
        return len(self.rows)


def csv_feed(
    path: str | Path, *, order: str = "unique", users: int = 0, wrap: bool = False
) -> Feed:
    """Return the rows of a CSV file with a header line, as mappings of texts.

    A relative *path* starts from the script's folder; for the orders see :class:`Feed`.
    """
    return Feed(_beside_caller(path), _csv_rows, order=order, users=users, wrap=wrap)


def json_feed(
    path: str | Path, *, order: str = "unique", users: int = 0, wrap: bool = False
) -> Feed:
    """Return the rows of a file of JSON lines, or of one JSON list; see :func:`csv_feed`."""
    return Feed(_beside_caller(path), _json_rows, order=order, users=users, wrap=wrap)


def _beside_caller(path: str | Path) -> Path:
    # Workers import the script in another folder than the one it was written for.
    script = sys._getframe(2).f_globals.get("__file__")
    return (Path(script).parent if script else Path.cwd()) / path


def _csv_rows(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _json_rows(path: Path) -> list[Row]:
    text = path.read_text("utf-8").strip()
    if text.startswith("["):
        whole: list[Row] = json.loads(text)
        return whole
    return [json.loads(line) for line in text.splitlines() if line.strip()]
