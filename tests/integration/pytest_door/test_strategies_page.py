"""The page about the strategies tells the truth: its code runs on a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from hormesis.host.postgres.binaries import installations
from tests.integration.pytest_door.strategy_server import served
from tests.tidy.rules.source import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("strategies")]
PAGE = ROOT / "docs/how-to/strategies.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection[Any]]:
    with (
        served(next(installations())) as dsn,
        psycopg.connect(dsn, prepare_threshold=None) as open_one,
    ):
        yield open_one


@pytest.mark.parametrize(
    ("number", "name"), [(0, "check_any_schema"), (2, "check_any_migration")]
)  # fmt: skip
def test_the_code_shown_runs(connection: psycopg.Connection[Any], number: int, name: str) -> None:
    made: dict[str, Any] = {"__name__": "shown"}
    exec(compile(BLOCKS[number], str(PAGE), "exec"), made)
    made[name](connection)


def test_drawn_clients_race_as_shown(connection: psycopg.Connection[Any]) -> None:
    made: dict[str, Any] = {"__name__": "shown"}
    exec(compile(BLOCKS[1], str(PAGE), "exec"), made)
    made["check_any_program"](connection.info.dsn)


def test_no_block_is_left_out() -> None:
    assert len(BLOCKS) == 3
