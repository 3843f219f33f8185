from __future__ import annotations

import errno
import threading
from random import Random
from typing import Any

import pytest

from hormesis.host.fuse.rules import Rule, Rules


def rules(**attributes: Any) -> Rules:
    """Return rules of which one, called r, is in force."""
    found = Rules(Random(1))
    found.add("r", Rule.from_json(attributes))
    return found


def fails(found: Rules, operation: str, path: str = "a") -> int:
    """Return the error that the rules give an operation; 0 for none."""
    try:
        found.apply((operation,), path)
    except OSError as error:
        return error.errno or 0
    return 0


def test_only_what_a_rule_names_fails() -> None:
    found = rules(operations=["write"], errno="ENOSPC", match="wal/*")
    assert fails(found, "write", "wal/1") == errno.ENOSPC
    assert fails(found, "read", "wal/1") == 0 == fails(found, "write", "data/1")
    assert found.reading("r") == {
        "active": True, "generation": 1, "hits": 1, "seen": 1, "delay_ms_mean": 0.0,
    }  # fmt: skip


def test_a_pattern_may_mean_the_file_name_alone() -> None:
    found = rules(operations=["write"], errno="EIO", match="*.db")
    assert fails(found, "write", "deep/down/a.db") == errno.EIO
    assert fails(found, "write", "a.dbx") == 0


def test_a_share_fails_and_all_are_seen() -> None:
    found = rules(operations=["fsync"], errno="EIO", share=0.25)
    failed = sum(fails(found, "fsync") == errno.EIO for _ in range(400))
    assert 60 < failed < 140
    assert (found.reading("r")["hits"], found.reading("r")["seen"]) == (failed, 400)


def test_counters_outlive_their_rule() -> None:
    found = rules(operations=["write"], errno="EIO")
    fails(found, "write")
    assert found.remove("r") and not found.remove("r")
    assert fails(found, "write") == 0
    assert (found.reading("r")["active"], found.reading("r")["hits"]) == (False, 1)
    assert found.reading("never")["hits"] == 0


def test_removing_a_rule_ends_its_delays() -> None:
    found = rules(operations=["read"], delay_s=60.0)
    waiting = threading.Thread(target=found.apply, args=(("read",), "a"))
    waiting.start()
    found.remove("r")
    waiting.join(10)
    assert not waiting.is_alive()
    assert found.reading("r")["hits"] == 1


def test_the_least_room_counts() -> None:
    found = rules(operations=["write"], bytes_free=10)
    found.add("s", Rule.from_json({"operations": ["write"], "bytes_free": 0, "files_free": 3}))
    assert found.room() == (0, 3)
    assert bool(found)
    found.remove("r")
    found.remove("s")
    assert found.room() == (None, None)
    assert not found


@pytest.mark.parametrize(
    "attributes",
    [{"operations": ["fly"]}, {"operations": ["read"], "errno": "ETIRED"}, {"delay_s": "soon"}],
)
def test_nonsense_is_refused(attributes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Rule.from_json(attributes)


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="already"):
        rules(operations=["read"]).add("r", Rule(frozenset()))
