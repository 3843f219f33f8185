"""Clients of the cluster: they write keys of their own, and count one number up together.

Each user talks to one member and goes on to the next one when that refuses or does not answer, as
etcd's own client does; but what may have happened is never sent again.
"""

from __future__ import annotations

import threading
from typing import Any

from gateway import Member, NotDone, Unknown, decoded, encoded

from hormesis.words.metric import MetricSort


class _User:
    def __init__(self, user: Any, *, members: str, timeout_s: float = 2.0, size: int = 8) -> None:
        self._user = user
        self._members = [Member(one, float(timeout_s)) for one in members.split(",")]
        self._at = user.number % len(self._members)
        self._size = int(size)
        self._made = 0

    def close(self) -> None:
        """Hang up."""
        for member in self._members:
            member.close()

    def _ask(self, op: Any, path: str, **question: Any) -> dict[str, Any] | None:
        """Ask a member; those that refuse are passed over. None, and told, when it did not work."""
        for last in (*[False] * (len(self._members) - 1), True):
            try:
                return self._members[self._at].call(path, **question)
            except NotDone as why:
                self._at = (self._at + 1) % len(self._members)
                if last or str(why) != "refused":
                    op.fail(str(why))
                    return None
            except Unknown as why:
                self._at = (self._at + 1) % len(self._members)
                op.info(str(why))
                return None
        return None


class Writer(_User):
    """Writes a new key each time; ok means that etcd acknowledged it."""

    def iterate(self) -> None:
        """Write one key."""
        self._made += 1
        key = f"{self._user.load}-{self._user.number}-{self._made}"
        with self._user.op("put", key=key) as op:
            value = encoded("v" * self._size)
            self._ask(op, "kv/put", key=encoded(f"keys/{key}"), value=value)


class Overwriter(_User):
    """Writes the same few keys again and again; each time etcd keeps the former value as well."""

    def iterate(self) -> None:
        """Write one of ten keys."""
        with self._user.op("overwrite") as op:
            key, value = encoded(f"fat/{self._user.rng.randrange(10)}"), encoded("v" * self._size)
            self._ask(op, "kv/put", key=key, value=value)


class Counter(_User):
    """Reads a number and sets the next one if nobody else has; each number is one user's.

    Who was overtaken has won no number, and notes none. ``stale_reads`` counts the reads that gave
    less than what had been acknowledged before they were asked: linearizable reads, which are
    etcd's default, must not.
    """

    _acknowledged = 0
    _lock = threading.Lock()

    def iterate(self) -> None:
        """Read, and count up."""
        before = Counter._acknowledged
        key = encoded("counter")
        with self._user.op("read") as op:
            answer = self._ask(op, "kv/range", key=key)
        if answer is None:
            return
        found = answer.get("kvs", [{}])[0]
        value = int(decoded(found["value"])) if found else 0
        self._user.add(MetricSort.RATE, "stale_reads", float(value < before))
        compare = {"key": key, "target": "MOD", "mod_revision": found.get("mod_revision", "0")}
        put = {"requestPut": {"key": key, "value": encoded(str(value + 1))}}
        with self._user.op("count") as op:
            told = self._ask(op, "kv/txn", compare=[compare], success=[put])
            if told is None:
                return
            if not told.get("succeeded"):
                return
            op.note(number=value + 1)
        with Counter._lock:
            Counter._acknowledged = max(Counter._acknowledged, value + 1)


class Leadership:
    """Waits until the cluster has a leader, and makes the member that comes first the leader."""

    def __init__(self, user: Any, *, members: str, patience_s: float = 20) -> None:
        self._user = user
        self._members = [Member(one) for one in members.split(",")]
        self._rounds = int(float(patience_s) / 0.1)

    def iterate(self) -> None:
        """Ask until it is so."""
        pause = threading.Event()
        with self._user.op("leadership"):
            for _ in range(self._rounds):
                try:
                    if self._is_first():
                        return
                except (NotDone, Unknown, StopIteration):
                    pause.wait(0.1)
            raise TimeoutError("the first member did not become the leader")

    def close(self) -> None:
        """Hang up."""
        for member in self._members:
            member.close()

    def _is_first(self) -> bool:
        states = [member.call("maintenance/status") for member in self._members]
        ids = [state["header"]["member_id"] for state in states]
        leader = ids.index(next(s["leader"] for s in states if s.get("leader") in ids))
        if leader != 0:
            self._members[leader].call("maintenance/transfer-leadership", targetID=ids[0])
        return leader == 0


class Operator(_User):
    """Does what etcd's documentation says of the alarm NOSPACE: compact, defragment, disarm."""

    def iterate(self) -> None:
        """Do it once."""
        with self._user.op("maintenance"):
            now = self._members[0].call("kv/range", key=encoded("counter"))["header"]["revision"]
            self._members[0].call("kv/compaction", revision=now, physical=True)
            for member in self._members:
                member.call("maintenance/defragment")
            raised = self._members[0].call("maintenance/alarm", action="GET").get("alarms", [])
            for one in raised:
                self._members[0].call("maintenance/alarm", action="DEACTIVATE", **one)
