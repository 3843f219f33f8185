from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.compose.registry import kinds_of
from hormesis.faults.postgres_corrupt import PostgresCorrupt
from hormesis.faults.postgres_deadlock import PostgresDeadlock
from hormesis.faults.postgres_exhaust_connections import PostgresExhaustConnections
from hormesis.faults.postgres_idle_in_transaction import PostgresIdleInTransaction
from hormesis.faults.postgres_kill_backend import PostgresKillBackend
from hormesis.faults.postgres_lock import PostgresLock
from hormesis.faults.postgres_read_only import PostgresReadOnly
from hormesis.faults.postgres_replication_conflict import PostgresReplicationConflict
from hormesis.faults.postgres_replication_lag import PostgresReplicationLag
from hormesis.faults.postgres_slow_queries import PostgresSlowQueries
from hormesis.faults.redis_crash import RedisCrash
from hormesis.faults.redis_delete_keys import RedisDeleteKeys
from hormesis.faults.redis_kill_clients import RedisKillClients
from hormesis.faults.redis_max_clients import RedisMaxClients
from hormesis.faults.redis_max_memory import RedisMaxMemory
from hormesis.faults.redis_pause import RedisPause
from hormesis.faults.redis_refuse_writes import RedisRefuseWrites
from hormesis.faults.redis_slow import RedisSlow
from hormesis.host.holders.pg_lock import AGAINST, probe_of, statement_of
from hormesis.host.holders.redis_kill import victims_of
from hormesis.host.programs.redis_keys import escaped
from hormesis.host.programs.sql_snapshot import schema_of
from hormesis.host.verbs import verb_names
from hormesis.words.fault import Fault, Measure
from hormesis.words.target import Facet, Target

DSN = "postgresql://postgres:secret@127.0.0.1:1/postgres"
TARGET = Target(
    "database", service="server", restartable=True, postgres=DSN, redis="redis://127.0.0.1:1/0"
)
FAULTS: list[Fault] = [
    PostgresLock(table="jobs"),
    PostgresIdleInTransaction(),
    PostgresSlowQueries(),
    PostgresDeadlock(table="jobs"),
    PostgresExhaustConnections(),
    PostgresReadOnly(),
    PostgresKillBackend(),
    PostgresReplicationLag(),
    PostgresReplicationLag.model_validate({"delay": "5s"}),
    PostgresReplicationConflict(primary=DSN, tables=("jobs",)),
    RedisPause(),
    RedisSlow(),
    RedisKillClients(),
    RedisMaxClients(),
    RedisMaxMemory(),
    RedisRefuseWrites(),
    RedisDeleteKeys(pattern="lock:*"),
    RedisCrash(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_it_is_plain_data_that_the_same_seed_repeats(fault: Fault) -> None:
    calls = fault.verbs(TARGET, Random(3))
    assert [call.args for call in calls] == [call.args for call in fault.verbs(TARGET, Random(3))]
    for call in calls:
        assert call.verb in verb_names()
        assert call.args["subject"]
        assert json.loads(json.dumps(call.args)) == call.args
    assert "secret" not in fault.describe()
    assert fault.look(TARGET)
    assert fault.hurts({}, {}) == ""
    assert fault.hurts({}, {"error": "the server is gone"}) == ""
    assert fault.healed({"pid": 1}, {"pid": 1}) == ""


def test_every_one_of_these_is_on_the_shelf() -> None:
    named = {fault.kind for fault in FAULTS}
    known = {
        kind for kind in kinds_of("faults")
        if kind.startswith(("postgres-", "redis-")) and not kind.endswith(("-delay", "-fail"))
    }  # fmt: skip
    assert known - named == {"postgres-corrupt", "postgres-kill-connections"}


@pytest.mark.parametrize(
    ("fault", "now", "proof", "measure"),
    [
        (
            PostgresLock(table="jobs", where="id = 1"),
            {"granted": True, "rows": 1, "refused": "55P03", "waiting": 2, "waited_ms": 80},
            "the lock on 1 rows of jobs is granted, a statement was refused it (55P03);"
            " 2 sessions wait, the longest wait 80 ms",
            Measure(1, 1, "locks granted"),
        ),
        (
            PostgresExhaustConnections(left=2), {"held": 95, "free": 2, "refusals": 0},
            "95 connections held, 2 slots left (asked 2)", Measure(2, 2, "free connections"),
        ),
        (
            PostgresDeadlock(table="jobs"),
            {"victims": 3, "rounds": 2, "caught": 2, "deadlocks": 2},
            "3 waiting transactions were aborted in 2 rounds; the server counts 2 deadlocks",
            Measure(2, 2, "rounds with a victim"),
        ),
        (
            RedisPause.model_validate({"each": "500ms"}),
            {"seen": 2, "stalls": 3, "held_ms": 501.5, "way": "CLIENT PAUSE"},
            "2 of 3 stalls by CLIENT PAUSE felt by another connection, the longest 501.5 ms"
            " (asked 500 ms)",
            Measure(500, 501.5, "ms"),
        ),
        (
            RedisDeleteKeys(pattern="a*"), {"matched": 5, "chosen": 3, "taken": 3},
            "3 of 5 keys that fit a* were deleted", Measure(3, 3, "keys"),
        ),
    ],
)  # fmt: skip
def test_the_bite_is_told_with_its_number(
    fault: Fault, now: dict[str, Any], proof: str, measure: Measure
) -> None:
    assert fault.hurts({}, now) == proof
    assert fault.measured({}, now) == measure


@pytest.mark.parametrize(
    ("fault", "now"),
    [
        (PostgresLock(table="jobs"), {"granted": True, "refused": ""}),
        (PostgresLock(table="jobs"), {"granted": False, "refused": "55P03"}),
        (PostgresIdleInTransaction(sessions=3), {"idle": 2}),
        (PostgresSlowQueries(sessions=3), {"active_max": 2, "longest_ms": 5}),
        (PostgresExhaustConnections(), {"held": 95, "free": 0, "refused": ""}),
        (PostgresExhaustConnections(), {"held": 95, "free": 1, "refused": "53300"}),
        (PostgresExhaustConnections(), {"held": 0, "free": -1, "refused": "53300"}),
        (PostgresReadOnly(), {"value": 1, "refused": ""}),
        (PostgresKillBackend(), {"killed": 7, "dropped": False}),
        (RedisMaxClients(), {"held": 40, "free": 0, "refused": ""}),
        (RedisMaxMemory(), {"maxmemory": "1", "maxmemory-policy": "noeviction", "refused": ""}),
        (RedisMaxMemory(), {"maxmemory": "0", "maxmemory-policy": "noeviction", "refused": "OOM"}),
        (RedisDeleteKeys(pattern="a*"), {"matched": 5, "taken": 0}),
    ],
)
def test_half_a_bite_is_none(fault: Fault, now: dict[str, Any]) -> None:
    assert fault.hurts({"value": 0}, now) == ""


def test_a_server_that_was_read_only_before_proves_nothing() -> None:
    now = {"value": 1, "refused": "25006", "sessions_ended": 0}
    assert PostgresReadOnly().hurts({"value": 0}, now)
    assert PostgresReadOnly().hurts({"value": 1}, now) == ""


def test_sessions_left_on_the_server_are_no_cure() -> None:
    fault = PostgresIdleInTransaction()
    assert fault.healed({}, {"value": 0}) == "", "not released yet"
    assert fault.healed({}, {"value": 1, "ended": True}) == ""
    assert fault.healed({}, {"error": "no answer", "ended": True}) == ""
    assert fault.healed({}, {"value": 0, "ended": True})


def test_the_sessions_of_two_faults_can_be_told_apart() -> None:
    one, other = PostgresLock(table="jobs"), PostgresLock(table="bots")
    assert one.session_name(TARGET) != other.session_name(TARGET)
    chosen = one.model_copy(update={"by": "sql"})
    assert one.session_name(TARGET) == chosen.session_name(TARGET)
    assert len(one.session_name(TARGET)) < 64, "PostgreSQL cuts longer names off"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (PostgresLock, {"table": "jobs", "where": "true", "mode": "ACCESS EXCLUSIVE"}),
        (PostgresLock, {"table": "jobs", "mode": "UPDATE"}),
        (PostgresCorrupt, {"do": ["x"], "count": "x"}),
        (PostgresCorrupt, {"do": ["x"], "count": "x", "undo": ["y"], "snapshot": ["t"]}),
        (RedisSlow, {"each": "2s", "every": "1s"}),
    ],
)
def test_what_does_not_fit_together_is_refused(kind: type[Fault], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected"):
        kind.model_validate(values)


def test_each_lock_is_probed_by_what_it_keeps_out() -> None:
    assert probe_of("jobs", "", "SHARE") == "LOCK TABLE jobs IN ROW EXCLUSIVE MODE NOWAIT"
    assert probe_of("jobs", "id = 1", "SHARE").endswith("WHERE id = 1 FOR UPDATE NOWAIT")
    taken = statement_of("jobs", "", "SHARE", nowait=False)
    assert taken == "LOCK TABLE jobs IN SHARE MODE"
    assert set(AGAINST.values()) <= set(AGAINST)


def test_a_killing_needs_the_process_and_the_server() -> None:
    assert PostgresKillBackend.needs == {Facet.PROCESS, Facet.POSTGRES}
    assert RedisCrash.needs == {Facet.PROCESS, Facet.RESTARTABLE, Facet.REDIS}


def test_our_own_redis_clients_are_spared() -> None:
    listing = [{"id": str(n), "name": "hormesis-look" if n < 2 else ""} for n in range(6)]
    chosen = victims_of(listing, 0.5, Random(1))
    assert len(chosen) == 2 and not {"0", "1"} & set(chosen)
    assert victims_of(listing[:2], 1.0, Random(1)) == []


def test_names_of_ours_are_safe_and_their_own() -> None:
    assert schema_of("run-1/hit-1/0") != schema_of("run-2/hit-1/0")
    assert schema_of("run-1/hit-1/0").removeprefix("hormesis_").isalnum()
    assert escaped(b"a*[b]?\\") == b"a\\*\\[b]\\?\\\\"
