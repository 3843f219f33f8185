"""Which executions of a job count as done twice, in the queries of the procrastinate examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from tests.examples.example_file import FOLDER
from tests.integration.postgres import postgres
from tests.proving_ground.programs import Postgres

__all__ = ["postgres"]

pytestmark = pytest.mark.integration
TABLES = """
CREATE TYPE happening AS ENUM ('started', 'succeeded');
CREATE TABLE procrastinate_events (job_id bigint, type happening, at timestamptz);
CREATE TABLE executions (id bigserial, job_id bigint, key text, worker text,
    started_at timestamptz, finished_at timestamptz)
"""
Execution = tuple[int, str, float, float | None]
"""Job, worker, and the seconds at which it began and ended."""

KILLED_BEFORE_IT_SAID_SO = [(1, "w-1/10", 0.0, 0.4), (1, "w-2/20", 2.0, 2.4)]
TAKES_ITS_PLACE = (2, "w-1/11", 1.0, 1.4)


def query_of(experiment: str) -> str:
    """Return the query of `finished-twice` as *experiment* asks it."""
    evidence = yaml.safe_load((FOLDER / "procrastinate" / "evidence.yaml").read_text())
    own = yaml.safe_load((FOLDER / "procrastinate" / f"{experiment}.yaml").read_text())
    excused = {**evidence["vars"], **own["vars"]}["excused"]
    (probe,) = [one for one in evidence["final"] if one["name"] == "finished-twice"]
    return str(probe["query"]).replace("${excused}", excused)


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> str:
    name = postgres.new_database()
    postgres.execute(TABLES, database=name)
    return name


def twice(
    postgres: Postgres, database: str, query: Any, done: Sequence[Execution], told: float | None
) -> list[str]:
    """Return the keys that count as done twice; job 1 was told as done at *told* seconds."""
    postgres.execute("TRUNCATE executions, procrastinate_events", database=database)
    for job, *rest in done:
        postgres.execute(
            "INSERT INTO executions (job_id, key, worker, started_at, finished_at)"
            " VALUES (%s, %s, %s, to_timestamp(%s), to_timestamp(%s))",
            (job, f"job-{job}", *rest),
            database,
        )
    if told is not None:
        postgres.execute(
            "INSERT INTO procrastinate_events VALUES (1, 'succeeded', to_timestamp(%s))",
            (told,),
            database,
        )
    return [row[0] for row in postgres.execute(query, database=database)]


@pytest.mark.parametrize(
    ("done", "told", "counts"),
    [
        ([*KILLED_BEFORE_IT_SAID_SO, TAKES_ITS_PLACE], 2.5, False),
        ([*KILLED_BEFORE_IT_SAID_SO, TAKES_ITS_PLACE], 0.5, True),
        (KILLED_BEFORE_IT_SAID_SO, 2.5, True),
        ([*KILLED_BEFORE_IT_SAID_SO, TAKES_ITS_PLACE, (3, "w-1/10", 1.0, 1.4)], 2.5, True),
        ([*KILLED_BEFORE_IT_SAID_SO, TAKES_ITS_PLACE, (1, "w-3/30", 3.0, 3.4)], 2.5, True),
        ([(1, "w-1/10", 0.0, None), (1, "w-2/20", 2.0, 2.4)], 2.5, False),
    ],
    ids=["died silently", "had said so", "nobody in its place", "lived on", "thrice", "unfinished"],
)
def test_only_a_death_before_the_word_excuses(
    postgres: Postgres, database: str, done: list[Execution], told: float | None, counts: bool
) -> None:
    query = query_of("worker-kill-retried")
    assert twice(postgres, database, query, done, told) == ["job-1"] * counts


def test_elsewhere_nothing_is_excused(postgres: Postgres, database: str) -> None:
    done = [*KILLED_BEFORE_IT_SAID_SO, TAKES_ITS_PLACE]
    assert twice(postgres, database, query_of("worker-pause"), done, 2.5) == ["job-1"]
