"""Migrations in any order of arrival, any number of times, lead to one and the same schema."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stratum import Migration, Version, journal, migrate

from hormesis.testing import IsolatedSchema

pytestmark = [pytest.mark.chaos, pytest.mark.property]

VERSIONS = st.builds(Version, st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
ORDERED = st.lists(VERSIONS, min_size=1, max_size=8, unique=True).map(
    lambda some: sorted(some, key=lambda one: (one.major, one.minor, one.patch))
)


def chain(versions: list[Version]) -> list[Migration]:
    """Each migration needs the one before it: in a wrong order, the second fails."""
    tables = [f"step_{number}" for number in range(len(versions))]
    first = Migration(versions[0], "begin", (f"CREATE TABLE {tables[0]} (id int)",))
    return [first] + [
        Migration(version, "go on", (f"ALTER TABLE {before} RENAME TO {after}",))
        for version, before, after in zip(versions[1:], tables, tables[1:], strict=False)
    ]


@settings(max_examples=25)
@example(versions=[Version(1, 9, 0), Version(1, 10, 0)], cut=0)
@given(versions=ORDERED, cut=st.integers(0, 8))
def test_any_sequence_arrives_at_the_same_schema(
    isolated_schema: IsolatedSchema, versions: list[Version], cut: int
) -> None:
    """Some are run by an older release, the rest by the next one, and both start twice."""
    wanted = chain(versions)
    # Migrations commit: a rollback would not undo them, so each example has a schema of its own.
    with isolated_schema.fresh() as schema, psycopg.connect(schema.dsn) as conn:
        for batch in (wanted[:cut][::-1], wanted[::-1], wanted):
            migrate(conn, batch)
        assert [entry.version for entry in journal(conn)] == [str(one) for one in versions]
        assert {(entry.state, entry.runs) for entry in journal(conn)} == {("done", 1)}
        last = conn.execute("SELECT to_regclass(%s)", (f"step_{len(versions) - 1}",)).fetchone()
        assert last is not None and last[0] is not None
