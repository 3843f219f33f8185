"""Each test gets a project of its own, in a schema of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from project import Project


@pytest.fixture
def project(tmp_path: Path, db_connection_string: str) -> Project:
    """A project without migrations, and an empty database."""
    return Project(tmp_path / "migrations", db_connection_string)
