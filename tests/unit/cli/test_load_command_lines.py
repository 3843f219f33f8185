"""Whatever is typed after `hormesis load`, the answer is a code and a sentence with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.command_line import CommandLine

USAGE, BAD_INPUT = 64, 65
URL = "http://127.0.0.1:1/"
USER = """\
from hormesis.load import HttpUser, task

class Visitor(HttpUser):
    base = "http://127.0.0.1:1"

    @task
    async def home(self):
        await self.http.get("/")
"""
FILES = {
    "none.py": "x = 1\n",
    "syntax.py": "x = 1\nclass A(:\n",
    "raises.py": "import os\n\nraise ValueError('boom')\n",
    "exits.py": "import sys\nsys.exit(0)\n",
    "user.py": USER,
    "unknown.py": f'{USER}\noptions = {{"vuss": 3}}\n',
    "both.py": f'{USER}\noptions = {{"vus": 3, "scenarios": {{}}}}\n',
    "list.py": f'{USER}\noptions = {{"scenarios": [1]}}\n',
    "executor.py": f'{USER}\noptions = {{"scenarios": {{"a": {{"vus": 1}}}}}}\n',
    "misspelt.py": f'{USER}\noptions = {{"scenarios": {{"a": {{"executor": "constant-vuss"}}}}}}\n',
    "exec.py": USER
    + 'options = {"scenarios": {"a": {"executor": "constant-vus", "vus": 1, "duration": "1s", '
    '"exec": "Visitors"}}}\n',
    "bare.py": f'{USER}\noptions = {{"vus": 3, "duration": 10}}\n',
    "claim.py": f'{USER}\noptions = {{"thresholds": {{"http_req_duration": ["p95<5"]}}}}\n',
    "object.py": f'{USER}\noptions = {{"vus": object(), "duration": "1s"}}\n',
    "empty.yaml": "",
}
BAD = [
    ([], USAGE, "URL|SCRIPT|FILE"),
    (["127.0.0.1:80"], USAGE, "did you mean http://127.0.0.1:80?"),
    (["ftp://x/"], USAGE, "URL: expected a URL such as http"),
    (["http://me:word@x/"], USAGE, "expected no user in the URL"),
    (["http://x:99999/"], USAGE, "expected a port from 1 to 65535"),
    (["http:///x"], USAGE, "URL: expected a URL"),
    (["inference-lod"], USAGE, "did you mean inference-load?"),
    ([".", "--vus", "2"], USAGE, "is a folder"),
    (["none.yaml"], BAD_INPUT, "none.yaml: expected an experiment file"),
    (["empty.yaml"], BAD_INPUT, "empty.yaml: expected a mapping"),
    (["good.json", "--vus", "3"], USAGE, "--vus: expected only for a URL or a script"),
    ([URL, "--rate", "100"], USAGE, "did you mean 100/s?"),
    ([URL, "--rate", "0/s"], USAGE, "--rate: expected a rate above 0"),
    ([URL, "--for", "10"], USAGE, "did you mean 10s?"),
    ([URL, "--for", "0s"], USAGE, "--for: expected a duration above 0"),
    ([URL, "--vus", "0"], USAGE, "--vus: expected a whole number of at least 1"),
    ([URL, "--vus", "many"], USAGE, "--vus"),
    ([URL, "--stage", "30s"], USAGE, "--stage: expected DURATION:TARGET"),
    ([URL, "--stage", "30s:-1"], USAGE, "--stage: expected DURATION:TARGET"),
    ([URL, "--stage", "30s:5", "--vus", "5"], USAGE, "--start-vus is where they begin"),
    ([URL, "--stage", "30s:5", "--for", "5s"], USAGE, "--for: expected only --stage"),
    ([URL, "--start-vus", "5"], USAGE, "--start-vus: expected --stage"),
    ([URL, "--iterations", "5", "--rate", "5/s"], USAGE, "--iterations: expected either"),
    ([URL, "--method", "HEDA"], USAGE, "--method: expected one of GET"),
    ([URL, "--method", "GET", "--body", "x"], USAGE, "--body: expected a method with a body"),
    ([URL, "--body", "@no-such"], USAGE, "--body: no-such cannot be read"),
    ([URL, "--json-body", "{"], USAGE, "--json-body: expected JSON"),
    ([URL, "--json-body", '"{{uid}}"'], USAGE, "--json-body: no variable 'uid'"),
    ([URL, "--header", "x"], USAGE, "--header: expected Name: value"),
    ([URL, "--tag", "x"], USAGE, "--tag: expected NAME=VALUE"),
    ([URL, "--set", "x=1"], USAGE, "--set: expected a script or a file"),
    ([URL, "--think", "1"], USAGE, "--think: expected a duration"),
    ([URL, "--threshold", "p95<5"], BAD_INPUT, '--threshold "p95<5": expected METRIC'),
    ([URL, "--time-scale", "0"], USAGE, "time scale 0"),
    ([URL, "--summary-json", "no/such/file"], USAGE, "--summary-json: expected a folder"),
    ([URL, "--csv", "no/such/prefix"], USAGE, "--csv: expected a folder"),
    ([URL, "--find-limit", "--stage", "5s:5"], USAGE, "--stage: expected only without"),
    ([URL, "--find-limit", "--precision", "5"], USAGE, "--precision: expected a share"),
    ([URL, "--find-limit", "--rate-max", "1/s"], USAGE, "--rate-max: expected no less"),
    (["good.json", "--find-limit"], USAGE, "expected only for a URL or a script"),
    (["missing.py"], BAD_INPUT, "missing.py: expected a script, found nothing there"),
    (["none.py"], BAD_INPUT, "none.py defines no user"),
    (["syntax.py"], BAD_INPUT, "syntax.py:2:1: expected Python: "),
    (["raises.py"], BAD_INPUT, "raises.py:3:1: ValueError: boom"),
    (["exits.py"], BAD_INPUT, "exits.py: it ended the program"),
    (["user.py", "--method", "GET"], USAGE, "--method: expected only for a URL"),
    (["user.py", "--set", "x"], USAGE, "--set: expected NAME=VALUE"),
    (["unknown.py"], BAD_INPUT, "options: expected a known option, found vuss; did you mean vus?"),
    (["both.py"], BAD_INPUT, "expected either scenarios or vus, found both"),
    (["list.py"], BAD_INPUT, "options.scenarios: expected a mapping"),
    (["executor.py"], BAD_INPUT, "options.scenarios.a: expected a mapping with an executor"),
    (["misspelt.py"], BAD_INPUT, "options.scenarios.a.executor: expected the name of a load"),
    (["exec.py"], BAD_INPUT, "options.scenarios.a.exec: "),
    (["bare.py"], BAD_INPUT, "bare.py: options.duration: expected a duration with a unit"),
    (["claim.py"], BAD_INPUT, "options.thresholds.http_req_duration[0]: expected METRIC"),
    (["object.py"], BAD_INPUT, "object.py: options: expected plain data"),
    (["export", "no-such-run"], BAD_INPUT, "no such directory"),
]


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "good.json").write_text(json.dumps({"title": "t"}))


@pytest.mark.parametrize(("line", "code", "told"), BAD, ids=[" ".join(one[0]) for one in BAD])
def test_a_bad_command_line_is_answered(
    line: list[str], code: int, told: str, hormesis: CommandLine
) -> None:
    words = line if line[:1] == ["export"] else ["load", *line]
    answer = hormesis(*words)
    assert told in answer.err
    assert answer.code == code
    assert answer.out == ""
    assert "Traceback" not in answer.err


def test_the_help_names_every_option(hormesis: CommandLine) -> None:
    answer = hormesis("load", "--help")
    assert answer.code == 0
    for option in ("--vus", "--rate", "--find-limit", "--summary-json", "--threshold"):
        assert option in answer.out
    assert "http_req_failed rate < 1%" in " ".join(answer.out.split())
