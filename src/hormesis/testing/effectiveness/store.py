"""Store: an SQLite file that remembers the latest runs.

It is written once, at the end of a run, by the process that leads it, in one transaction; so two
runs at once are both in it, and a run that was killed is not. It keeps the last ``RUNS_MAX`` runs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from hormesis.testing.effectiveness.rows import Evidence, Execution, Outcome, Record, Run, Sighting

RUNS_MAX = 200
"""How many runs are kept."""
BUGS_MAX = 5000
"""For how many bugs it is remembered when they were first seen."""
WAIT_S = 30.0
"""How long to wait for another run that is writing."""
FORMAT = 1
"""The number of the tables' layout, kept in the file's ``user_version``."""

_TABLES = """
create table run (number integer primary key autoincrement, started real not null,
  duration_s real not null, fingerprint text not null, seed text not null);
create table execution (run integer not null references run on delete cascade, test text not null,
  outcome text not null, duration_s real not null, categories text not null, examples integer,
  shrinks_tried integer, shrinks_good integer);
create table sighting (run integer not null references run on delete cascade, test text not null,
  error text not null, place text not null, message text not null, expected integer not null);
create table evidence (run integer not null references run on delete cascade, test text not null,
  word text not null, count integer not null, proof text not null, categories text not null);
create table bug (signature text primary key, first_run integer not null,
  last_run integer not null);
create index execution_run on execution (run);
create index sighting_run on sighting (run);
create index evidence_run on evidence (run);
"""


class StoreTrouble(Exception):
    """The store cannot be read or written; the message says which file, why, and what to do."""


class Store:
    """The store in *file*; made when it is first written."""

    def __init__(self, file: Path, runs_max: int = RUNS_MAX, bugs_max: int = BUGS_MAX) -> None:
        self.file = file
        self._runs_max = runs_max
        self._bugs_max = bugs_max

    def add(
        self,
        run: Run,
        executions: Sequence[Execution],
        sightings: Sequence[Sighting],
        evidence: Sequence[Evidence],
    ) -> int:
        """Write one run and return its number; the rows' own run numbers are not looked at."""
        with self._open() as db:
            number = db.execute(
                "insert into run (started, duration_s, fingerprint, seed) values (?, ?, ?, ?)",
                (run.started, run.duration_s, run.fingerprint, run.seed),
            ).lastrowid
            if number is None:
                raise StoreTrouble(f"{self.file}: the run was not written")
            db.executemany(
                "insert into execution values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (number, one.test, one.outcome.value, one.duration_s, _flat(one.categories),
                     one.examples, one.shrinks_tried, one.shrinks_good)
                    for one in executions
                ],
            )  # fmt: skip
            db.executemany(
                "insert into sighting values (?, ?, ?, ?, ?, ?)",
                [
                    (number, one.test, one.error, one.place, one.message, int(one.expected))
                    for one in sightings
                ],
            )
            db.executemany(
                "insert into evidence values (?, ?, ?, ?, ?, ?)",
                [
                    (number, one.test, one.word, one.count, one.proof, _flat(one.categories))
                    for one in evidence
                ],
            )
            db.executemany(
                "insert into bug values (?, ?, ?) on conflict (signature)"
                " do update set last_run = excluded.last_run",
                [(signature, number, number) for signature in {one.signature for one in sightings}],
            )
            self._prune(db)
        return number

    def read(self) -> Record:
        """Return everything that is kept; an empty record when there is no store yet."""
        if not self.file.exists():
            return Record()
        with self._open() as db:
            return Record(
                [Run(*row) for row in db.execute(
                    "select number, started, duration_s, fingerprint, seed from run"
                    " order by number")],
                [_execution(row) for row in db.execute("select * from execution order by rowid")],
                [_sighting(row) for row in db.execute("select * from sighting order by rowid")],
                [_evidence(row) for row in db.execute("select * from evidence order by rowid")],
                dict(db.execute("select signature, first_run from bug")),
            )  # fmt: skip

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file in one transaction that excludes other writers; raises StoreTrouble."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self.file, timeout=WAIT_S, isolation_level=None)) as db:
                db.execute("pragma foreign_keys = on")
                db.execute("begin immediate")
                try:
                    self._prepare(db)
                    yield db
                except BaseException:
                    db.rollback()
                    raise
                db.commit()
        except sqlite3.Error as error:
            raise StoreTrouble(
                f"{self.file}: {error}; move the file away, and a new one is made"
            ) from error

    def _prepare(self, db: sqlite3.Connection) -> None:
        (found,) = db.execute("pragma user_version").fetchone()
        if found == 0:
            for statement in _TABLES.split(";\n"):
                db.execute(statement)
            db.execute(f"pragma user_version = {FORMAT}")
        elif found != FORMAT:
            raise StoreTrouble(
                f"{self.file}: expected a store of format {FORMAT}, found {found}; "
                "it was written by another version, so name another folder or move it away"
            )

    def _prune(self, db: sqlite3.Connection) -> None:
        db.execute(
            "delete from run where number not in"
            " (select number from run order by number desc limit ?)",
            (self._runs_max,),
        )
        db.execute(
            "delete from bug where signature not in"
            " (select signature from bug order by last_run desc, signature limit ?)",
            (self._bugs_max,),
        )


def with_run(
    record: Record,
    run: Run,
    executions: Sequence[Execution],
    sightings: Sequence[Sighting],
    evidence: Sequence[Evidence],
) -> Record:
    """Return *record* and one more run, as if it had been written: for a store that cannot be."""
    number = max((one.number for one in record.runs), default=0) + 1
    first_seen = dict(record.first_seen)
    for one in sightings:
        first_seen.setdefault(one.signature, number)
    return Record(
        [*record.runs, replace(run, number=number)],
        [*record.executions, *(replace(one, run=number) for one in executions)],
        [*record.sightings, *(replace(one, run=number) for one in sightings)],
        [*record.evidence, *(replace(one, run=number) for one in evidence)],
        first_seen,
    )


def _flat(categories: tuple[str, ...]) -> str:
    return " ".join(categories)


def _execution(
    row: tuple[int, str, str, float, str, int | None, int | None, int | None],
) -> Execution:
    run, test, outcome, duration_s, categories, *shrinks = row
    return Execution(run, test, Outcome(outcome), duration_s, tuple(categories.split()), *shrinks)


def _sighting(row: tuple[int, str, str, str, str, int]) -> Sighting:
    run, test, error, place, message, expected = row
    return Sighting(run, test, error, place, message, bool(expected))


def _evidence(row: tuple[int, str, str, int, str, str]) -> Evidence:
    run, test, word, count, proof, categories = row
    return Evidence(run, test, word, count, proof, tuple(categories.split()))
