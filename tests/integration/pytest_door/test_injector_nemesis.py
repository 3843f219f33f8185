"""A nemesis against a real server: it hurts, it is told, it is done again, and nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from hormesis.compose.by_hand_trouble import NoBite
from hormesis.testing import ChaosInjector, Nemesis, wait_until_async
from hormesis.testing.injector.acts import Script
from hormesis.testing.nemesis.schedule import Faults
from hormesis.testing.schemas import IsolatedSchema
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration
FAULTS: Faults = {
    "terminate_mine": 2.0,
    "hold_lock": {"table": "jobs", "for_s": 0.1},
    "fail_statements": {"pattern": "^update", "sqlstate": "40001", "for_s": 0.2},
}


@pytest.fixture
def work(
    isolated_schema: IsolatedSchema, db_connection_string: str, chaos_injector: ChaosInjector
) -> Iterator[Callable[[], None]]:
    """One unit of an application's work, which counts on every acknowledged commit."""
    with psycopg.connect(isolated_schema.dsn) as line:
        line.execute("CREATE TABLE jobs (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)")
        line.execute("INSERT INTO jobs VALUES (1)")

    lines = [psycopg.connect(db_connection_string, autocommit=True)]

    def once() -> None:
        if lines[-1].closed:
            lines.append(psycopg.connect(db_connection_string, autocommit=True))
        lines[-1].execute("UPDATE jobs SET n = n + 1 WHERE id = 1")

    yield lambda: chaos_injector.with_retry(once, max_attempts=30, backoff=0.02)
    lines[-1].close()


def during(nemesis: Nemesis, work: Callable[[], None], acts: int) -> int:
    """Work until so many acts have come; return how often."""
    done = 0
    with nemesis:
        while len(nemesis.done) < acts:
            work()
            done += 1
    return done


def test_an_application_that_retries_loses_nothing(
    chaos_injector: ChaosInjector,
    work: Callable[[], None],
    isolated_schema: IsolatedSchema,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nemesis = chaos_injector.nemesis(FAULTS, seed=11, every="100ms")
    done = during(nemesis, work, acts=4)
    assert nemesis.played == nemesis.script[: len(nemesis.played)]
    assert any(one.proof for one in nemesis.done)
    told = capsys.readouterr().out
    assert "nemesis, seed 11" in told and nemesis.played.text() in told
    with psycopg.connect(isolated_schema.dsn) as line:
        ((n,),) = line.execute("SELECT n FROM jobs").fetchall()
        # Nobody knows of a commit whose answer was lost, and the retry does it twice then.
        assert n >= done
        ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'hormesis-lock%'"
        assert line.execute(ours).fetchall() == [(0,)]


def test_a_script_is_played_again(
    chaos_injector: ChaosInjector, work: Callable[[], None]
) -> None:
    script = Script.read(
        '[[0.05, "hold_lock", {"table": "jobs"}, 0.05],'
        ' [0.3, "fail_statements", {"first": 1}, 0.2]]'
    )
    again = chaos_injector.replay(script.text())
    during(again, work, acts=2)
    assert again.played == script
    assert all(one.proof for one in again.done)
    assert [act.name for act in chaos_injector.script() if act.name != "with_retry"] == [
        "hold_lock", "fail_statements",
    ]  # fmt: skip


def test_what_never_hurt_is_no_test(chaos_injector: ChaosInjector) -> None:
    nemesis = chaos_injector.nemesis(["terminate_mine"], every=0.001, most=2)
    with pytest.raises(NoBite, match="nothing that the nemesis did"), nemesis:
        wait_for(lambda: len(nemesis.done) == 2, within_s=10, what="two acts")


def test_a_failing_block_tells_what_was_done_to_it(
    chaos_injector: ChaosInjector, work: Callable[[], None]
) -> None:
    async def test() -> None:
        nemesis = chaos_injector.nemesis(["hold_lock"], every=0.01, for_s=0.01)

        async def done() -> bool:
            return bool(nemesis.done)

        async with nemesis:
            await wait_until_async(done, what="one act")
            raise KeyError

    with pytest.raises(KeyError) as caught:
        asyncio.run(test())
    # No table was named, so it could not even begin; the block's own error still goes before.
    assert "hold_lock()" in caught.value.__notes__[0]
    assert "again: chaos_injector.replay" in caught.value.__notes__[0]


def test_a_mistake_is_raised_when_the_block_is_left(chaos_injector: ChaosInjector) -> None:
    faults: dict[str, Any] = {"hold_lock": {"table": "nowhere"}}
    nemesis = chaos_injector.nemesis(faults, every=0.01, most=1)
    with pytest.raises(Exception, match="nowhere"), nemesis:
        wait_for(lambda: bool(nemesis.done), within_s=30, what="it has failed")
