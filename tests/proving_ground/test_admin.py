from __future__ import annotations

import json
import os
from collections.abc import Iterator

import httpx
import pytest

from proving_ground.cli import main
from tests.proving_ground.programs import Postgres, free_port
from tests.proving_ground.queen_program import Queen, running_queen

DATABASE = ["--database-url", "postgresql://nobody@127.0.0.1:1/x"]
QUEEN = ["queen", "--port", "1", *DATABASE, "--admin-token", "t"]
WORKER = ["worker", "--name", "w", *DATABASE]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PROVING_GROUND_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def queen(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Queen]:
    postgres_server.start()
    with running_queen(postgres_server, tmp_path_factory.mktemp("admin")) as running:
        yield running


def admin(queen: Queen, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["admin", "--database-url", queen.dsn, *arguments]) == 0
    return capsys.readouterr().out


def test_tasks_are_counted_listed_and_cleared_by_tag(
    queen: Queen, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [queen.submit(tag="a") for _ in range(3)] + [queen.submit(tag="b")]
    queen.sql("UPDATE tasks SET status = 'completed' WHERE id = ANY(%s)", ids[:2])
    counts = json.loads(admin(queen, capsys, "task-stats", "--tag", "a", "--json"))
    assert (counts["total"], counts["completed"], counts["pending"]) == (3, 2, 1)
    assert "completed: 2" in admin(queen, capsys, "task-stats")
    assert admin(queen, capsys, "task-stats", "--tag", "a", "--only", "total") == "3\n"
    listed = admin(queen, capsys, "list-tasks", "--tag", "a", "--limit", "2").splitlines()
    assert listed[-1] == "2 tasks"
    assert ids[2] in listed[0]
    assert "payload=" in admin(queen, capsys, "list-tasks", "--limit", "1", "--verbose")
    told = admin(queen, capsys, "clear-completed", "--tag", "a", "--dry-run")
    assert told == "would delete 2 tasks\n"
    assert admin(queen, capsys, "clear-completed", "--tag", "a") == "deleted 2 tasks\n"
    assert admin(queen, capsys, "clear-completed", "--tag", "a") == "deleted 0 tasks\n"


def test_a_user_is_made_with_a_token_that_works(
    queen: Queen, capsys: pytest.CaptureFixture[str]
) -> None:
    made = json.loads(admin(queen, capsys, "create-user", "--username", "mod", "--role=moderator"))
    headers = {"Authorization": f"Bearer {made['token']}"}
    me = httpx.get(f"{queen.url}/api/v1/auth/me", headers=headers).json()
    assert (me["id"], me["role"]) == (made["user_id"], "moderator")
    again = ["admin", "--database-url", queen.dsn, "create-user", "--username", "mod"]
    assert main(again) == 64
    assert "another user is called 'mod'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["admin", "task-stats"], "--database-url (or PROVING_GROUND_DATABASE_URL) is needed"),
        (["admin", *DATABASE, "task-stat"], "invalid choice: 'task-stat'"),
        (["admin", *DATABASE, "list-tasks", "--limit", "0"], "at least 1"),
        ([*QUEEN, "--breaker-failures", "no"], "--breaker-failures: a whole number"),
        ([*QUEEN, "--lease", "3"], "a duration such as"),
        ([*QUEEN, "--canary", "stats-ignore-tags"], "did you mean 'stats-ignore-tag'?"),
        (["queen", "--port", "1", "--database-url", "x y", "--admin-token", "t"], "--database-url"),
        ([*WORKER, "--memory-limit", "64"], "a size such as 256MiB"),
        ([*WORKER, "--concurrency", "0"], "--concurrency"),
        (["worker", "--name", "w"], "--database-url for tasks, --port for inference"),
    ],
)
def test_bad_input_is_one_line_and_64(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 64
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_a_database_out_of_reach_is_a_missing_part(capsys: pytest.CaptureFixture[str]) -> None:
    dsn = f"postgresql://nobody@127.0.0.1:{free_port()}/x"
    assert main(["admin", "--database-url", dsn, "task-stats"]) == 69
    assert "the database does not answer" in capsys.readouterr().err
