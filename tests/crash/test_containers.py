"""The crash matrix of the verb ``container``, in full for each of its actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.rows.container import ACTIONS
from tests.crash.test_matrix import GRID, play


@pytest.mark.prove
@pytest.mark.parametrize("action", ACTIONS)
def test_a_container_is_as_it_was_after_any_crash(
    action: str, tmp_path: Path, proxy_control: str
) -> None:
    folder = tmp_path / action
    folder.mkdir()
    play("container", GRID, folder, proxy_control, at_once=4)
