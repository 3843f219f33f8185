"""``--host`` is the base of a script's users, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.compose.load_script import script_experiment
from hormesis.compose.load_source import source_of
from hormesis.compose.load_wanted import LoadWanted
from hormesis.words.trouble import UsageTrouble

SCRIPT = """\
from hormesis.load import HttpUser, task

class Visitor(HttpUser):
    @task
    async def home(self):
        await self.http.get("/")
"""
SCENARIOS = """
options = {"scenarios": {"a": {"executor": "constant-vus", "vus": 1, "duration": "1s"}}}
"""


@pytest.mark.parametrize("more", ["", SCENARIOS])
def test_a_script_gets_it(tmp_path: Path, more: str) -> None:
    path = tmp_path / f"shop{len(more)}.py"
    path.write_text(SCRIPT + more)
    made = script_experiment(LoadWanted(str(path), host="http://shop:81"))
    assert made.document["tracks"][0]["client"]["base"] == "http://shop:81"
    assert "--host" in made.command
    with pytest.raises(UsageTrouble, match="--host: expected a URL"):
        script_experiment(LoadWanted(str(path), host="shop"))


def test_a_url_and_a_file_refuse_it(tmp_path: Path) -> None:
    file = tmp_path / "load.yaml"
    file.write_text("title: t")
    for what in ("http://127.0.0.1:1/", str(file)):
        with pytest.raises(UsageTrouble, match="--host: expected only for a"):
            source_of(LoadWanted(what, host="http://b"))
