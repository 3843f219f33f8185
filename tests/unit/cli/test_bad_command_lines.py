"""Whatever is typed, the answer is a documented code and a sentence, never a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.unit.cli.command_line import CommandLine

USAGE, BAD_INPUT = 64, 65

GOOD = {
    "title": "t",
    "system": {"processes": {"shop": {"run": ["true"]}}, "targets": {"shop": {"process": "shop"}}},
    "tracks": [{"fault": "pause", "target": "shop", "at": "1s", "for": "1s"}],
    "checks": [{"never": "exit", "of": "shop"}],
}
LIMIT = {
    **GOOD,
    "vars": {"limit": "5ms"},
    "checks": [{"threshold": "http_req_duration p(95) < ${limit}"}],
}
DELAY = {
    **GOOD,
    "tracks": [
        {"fault": "postgres-delay", "min": "2s", "max": "1s", "target": "shop", "for": "1s"}
    ],
}
BAD = [
    (["fly"], USAGE, "fly"),
    (["--no-such-option"], USAGE, "--no-such-option"),
    (["run"], USAGE, "FILE|SUITE"),
    (["run", "no-such-file.yaml"], USAGE, "neither a file nor a suite"),
    (["run", "jbos"], USAGE, "did you mean jobs"),
    (["run", "good.json", "--sed", "1"], USAGE, "--sed"),
    (["run", "good.json", "--seed", "many"], USAGE, "--seed"),
    (["run", "good.json", "--seed", "-3"], USAGE, "seed -3: expected a whole number of at least"),
    (["plan", "good.json", "--seed", "-3"], USAGE, "seed -3"),
    (["run", "jobs", "--seed", "-3"], USAGE, "seed -3"),
    (["plan", "limit.json", "--set", "limit=5q"], BAD_INPUT, "such as 500, found '5q'"),
    (["plan", "delay.json"], BAD_INPUT, "expected max to be no less than min\n"),
    (["run", "good.json", "--time-scale", "0"], USAGE, "time scale 0"),
    (["run", "good.json", "--time-scale", "-1"], USAGE, "time scale -1"),
    (["run", "good.json", "--time-scale", "nan"], USAGE, "time scale nan"),
    (["run", "good.json", "--set", "novalue"], USAGE, "expected NAME=VALUE"),
    (["run", "good.json", "--set", "colour=red"], BAD_INPUT, "colour"),
    (["run", "good.json", "--scenario", "J-MON"], USAGE, "for suites"),
    (["run", "good.json", "more"], USAGE, "more"),
    (["run", "jobs", "--bots"], USAGE, "--bots"),
    (["run", "jobs", "--scenario", "J-MOON"], USAGE, "J-MON"),
    (["run", "folder"], BAD_INPUT, "folder"),
    (["run", "empty.yaml"], BAD_INPUT, "empty.yaml"),
    (["run", "torn.yaml"], BAD_INPUT, "torn.yaml:"),
    (["run", "binary.yaml"], BAD_INPUT, "binary.yaml"),
    (["run", "list.yaml"], BAD_INPUT, "list.yaml"),
    (["run", "deep.json"], BAD_INPUT, "deep.json"),
    (["run", "good.json", "--system", "no-such.yaml"], BAD_INPUT, "no-such.yaml"),
    (["run", "good.json", "--out", "good.json"], USAGE, "good.json"),
    (["run", "good.json", "--out", "/proc/no-such"], USAGE, "/proc/no-such"),
    (["run", "suite"], BAD_INPUT, "suite.yaml"),
    (["plan"], USAGE, "Missing argument"),
    (["plan", "no-such-file.yaml"], USAGE, "neither a file nor a suite"),
    (["plan", "good.json", "--difficulty", "1"], USAGE, "see `hormesis plan --help`"),
    (["plan", "jobs", "--dificulty", "1"], USAGE, "suite 'jobs' has no option '--dificulty'"),
    (["plan", "tasks", "--difficulty", "7"], USAGE, "--difficulty"),
    (["plan", "good.json", "--time-scale", "-1"], USAGE, "time scale -1"),
    (["check", "no-such-run"], BAD_INPUT, "no such directory"),
    (["check", "folder"], BAD_INPUT, "no manifest.json"),
    (["check", "good.json"], BAD_INPUT, "good.json"),
    (["check", "damaged"], BAD_INPUT, "damaged"),
    (["report", "no-such-run"], BAD_INPUT, "no such directory"),
    (["report", "minimal", "--kind", "pdf"], USAGE, "no report is called 'pdf'"),
    (["list", "falts"], USAGE, "faults"),
    (["new", "good.json"], USAGE, "good.json"),
    (["new", "no/such/folder/x.yaml"], USAGE, "no/such/folder"),
    (["revert", "everything"], USAGE, "everything"),
]


@pytest.fixture(autouse=True)
def files(hormesis: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(GOOD))
    (tmp_path / "limit.json").write_text(json.dumps(LIMIT))
    (tmp_path / "delay.json").write_text(json.dumps(DELAY))
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "torn.yaml").write_text("title: [")
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)))
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "suite").mkdir()
    (tmp_path / "suite" / "suite.yaml").write_text("titel: x\n")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "manifest.json").write_text('{"run": "r1", "title"')
    (tmp_path / "minimal").mkdir()
    (tmp_path / "minimal" / "manifest.json").write_text('{"run": "r1", "title": "t"}')


@pytest.mark.parametrize(("line", "code", "told"), BAD, ids=[" ".join(one[0]) for one in BAD])
def test_a_bad_command_line_is_answered(
    line: list[str], code: int, told: str, hormesis: CommandLine
) -> None:
    answer = hormesis(*line)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err
    assert answer.err.startswith("hormesis: ")
    assert not list(Path(os.environ["HORMESIS_STATE"]).glob("*.run.json"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(hormesis: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "good.json").chmod(0)
    answer = hormesis("run", "good.json")
    assert (answer.code, "good.json" in answer.err) == (BAD_INPUT, True)


def test_all_problems_of_a_command_line_are_told_at_once(hormesis: CommandLine) -> None:
    answer = hormesis("run", "good.json", "--set", "a", "--set", "b")
    assert answer.err.count("expected NAME=VALUE") == 2
