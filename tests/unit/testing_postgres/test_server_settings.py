"""The settings of the server program."""

from __future__ import annotations

import pytest

from hormesis.host.programs.postgres_server import settings_of
from hormesis.words.trouble import UsageTrouble


def test_a_killed_server_loses_nothing_that_was_committed() -> None:
    fast = settings_of([], durable=False)
    assert fast["fsync"] == "off"
    assert "synchronous_commit" not in fast
    assert "full_page_writes" not in fast
    assert "fsync" not in settings_of([], durable=True)


def test_a_given_setting_counts_more() -> None:
    given = settings_of(["max_connections=20", "work_mem=8MB", "my.own=a=b"], durable=False)
    assert (given["max_connections"], given["work_mem"], given["my.own"]) == ("20", "8MB", "a=b")


@pytest.mark.parametrize("text", ["work_mem", "=1", "a b=1", "work_mem=1\nfsync=on"])
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(UsageTrouble, match="NAME=VALUE"):
        settings_of([text], durable=False)
