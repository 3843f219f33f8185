from __future__ import annotations

import json
from random import Random

import pytest
from pydantic import ValidationError

from hormesis.faults.postgres_corrupt import PostgresCorrupt
from hormesis.faults.postgres_kill_connections import PostgresKillConnections
from hormesis.words.look import EffectLook, SqlLook
from hormesis.words.target import Facet, Target

TARGET = Target("database", postgres="postgresql://postgres@127.0.0.1:1/postgres")
CORRUPT = {"do": ["INSERT 1"], "undo": ["DELETE 1"], "count": "SELECT count(*) FROM bad"}


def test_both_need_postgres_alone() -> None:
    needs = frozenset({Facet.POSTGRES})
    assert PostgresKillConnections.needs == PostgresCorrupt.needs == needs
    assert PostgresKillConnections.kind == "postgres-kill-connections"


def test_killing_is_one_seeded_holder() -> None:
    fault = PostgresKillConnections.model_validate({"share": "25%", "every": "2s", "user": "app"})
    (call,) = fault.verbs(TARGET, Random(1))
    assert (call.verb, call.args["subject"], call.args["program"]) == (
        "holder", "database", "pg_kill"
    )  # fmt: skip
    config = call.args["config"]
    assert (config["share"], config["every_s"], config["user"]) == (0.25, 2.0, "app")
    assert config["seed"] == Random(1).getrandbits(32)
    assert json.loads(json.dumps(call.args)) == call.args
    assert isinstance(fault.look(TARGET), EffectLook)


def test_killing_bites_only_when_something_was_killed() -> None:
    fault = PostgresKillConnections()
    assert fault.hurts({}, {"ready": True, "killed": 0, "rounds": 0}) == ""
    assert fault.hurts({}, {}) == ""
    proof = fault.hurts({}, {"killed": 7, "rounds": 3})
    assert proof == "terminated 7 connections in 3 rounds"
    assert fault.healed({}, {"killed": 7}) == ""
    assert fault.healed({}, {"killed": 7, "ended": True})


def test_corrupting_is_one_program_with_its_undo() -> None:
    fault = PostgresCorrupt.model_validate(CORRUPT)
    (call,) = fault.verbs(TARGET, Random(1))
    assert (call.verb, call.args["program"]) == ("program", "sql")
    assert call.args["do"]["statements"] == ["INSERT 1"]
    assert call.args["undo"]["statements"] == ["DELETE 1"]
    assert json.loads(json.dumps(call.args)) == call.args
    assert fault.look(TARGET) == SqlLook(TARGET.postgres or "", "SELECT count(*) FROM bad")


def test_the_system_may_have_to_repair_itself() -> None:
    (call,) = PostgresCorrupt.model_validate({**CORRUPT, "undo": "system"}).verbs(
        TARGET, Random(1)
    )
    assert call.args["undo"] is None


def test_corruption_bites_and_heals_by_the_count() -> None:
    fault = PostgresCorrupt.model_validate(CORRUPT)
    assert fault.hurts({"value": 1}, {"counted": 4}) == "3 corrupt rows"
    assert fault.hurts({"value": 1}, {"counted": 1}) == ""
    assert fault.hurts({"error": "x"}, {"counted": 4}) == ""
    assert fault.hurts({"value": 0}, {"error": "x"}) == ""
    assert fault.healed({"value": 0}, {"value": 3}) == ""
    assert fault.healed({"value": 0}, {"error": "x"}) == ""
    assert fault.healed({"value": 0}, {"value": 0}) == "no corrupt row any more"
    assert fault.healed({"value": 2}, {"value": 2}) == "2 corrupt rows, as before"


def test_undo_must_be_said() -> None:
    with pytest.raises(ValidationError, match="undo"):
        PostgresCorrupt.model_validate({"do": ["x"], "count": "x"})
