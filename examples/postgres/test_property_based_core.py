"""Properties of ids, versions and messages: not for an example, for any input there is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg import Connection
from stratum import Version, at_version, commit, history, stamp_of

from hormesis.strategies import messages

pytestmark = [pytest.mark.chaos, pytest.mark.property]

NUMBERS = st.integers(0, 2000)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS)


@given(parts=st.lists(st.text(max_size=8), min_size=1, max_size=6, unique=True))
def test_different_things_have_different_stamps(parts: list[str]) -> None:
    stamps = {stamp_of("table", part) for part in parts}
    assert len(stamps) == len(parts)


@given(text=st.text(min_size=1), data=st.data())
def test_where_one_part_ends_matters(text: str, data: st.DataObject) -> None:
    """The same letters, cut at two places: drawn pairs of texts would hardly ever find this."""
    cuts = st.integers(0, len(text))
    one, other = data.draw(st.lists(cuts, min_size=2, max_size=2, unique=True))
    assert stamp_of("x", text[:one], text[one:]) != stamp_of("x", text[:other], text[other:])


@given(version=VERSIONS, part=st.sampled_from(["major", "minor", "patch"]))
def test_the_next_version_is_greater_and_reads_back(version: Version, part: str) -> None:
    raised = version.next(part)  # type: ignore[arg-type]
    assert Version.parse(str(raised)) == raised
    numbers = [(one.major, one.minor, one.patch) for one in (version, raised)]
    assert numbers[0] < numbers[1]


@example(versions=[Version(1, 9, 0), Version(1, 10, 0)])  # once found, pinned for ever
@given(versions=st.lists(VERSIONS, max_size=20))
def test_versions_are_in_the_order_of_their_numbers(versions: list[Version]) -> None:
    ordered = [(one.major, one.minor, one.patch) for one in sorted(versions)]
    assert ordered == sorted(ordered)


@example(message="  an indented line\n")
@given(message=messages(min_size=1))
def test_any_message_is_preserved_exactly(sync_conn: Connection, message: str) -> None:
    # Each example ends in a rollback: the next one finds the branch as this one did.
    with sync_conn.transaction(force_rollback=True):
        made = commit(sync_conn, "main", message)
        assert at_version(sync_conn, "main", made.version).message == message


@given(several=st.lists(messages(min_size=1), min_size=1, max_size=8))
def test_each_commit_is_one_version_after_the_last(
    sync_conn: Connection, several: list[str]
) -> None:
    with sync_conn.transaction(force_rollback=True):
        made = [commit(sync_conn, "main", message) for message in several]
        assert [one.version for one in made] == list(range(1, len(made) + 1))
        assert all(after.parent == before.stamp for before, after in pairwise(made))
        assert list(history(sync_conn, "main", batch=3)) == made[::-1]
