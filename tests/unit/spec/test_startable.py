"""Commands that a run will need are looked at while the file is read, each with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from hormesis.spec.bindings import Bindings
from tests.unit.spec.reading import GOOD, read_text, troubles

LACKING = "there is no such file"


@dataclass
class Looking:
    """Finds nothing that can be started, and remembers what it was asked."""

    asked: list[tuple[list[str], dict[str, str], str]] = field(default_factory=list)
    why: str = LACKING

    def look(self, run: Sequence[str], env: Mapping[str, str], cwd: str) -> str:
        self.asked.append((list(run), dict(env), cwd))
        return self.why

    def bound(self) -> dict[str, Any]:
        ports = count(20001)
        made = Bindings("/run/dir", "/scratch", "a1", "py", lambda name: next(ports), self.look)
        return {"bindings": made}


def text(start: str = "", run: str = "") -> str:
    """Return a file in which one thing is to be started."""
    parts = ["title: t", "checks: [{never: exit, of: web}]"]
    if start:
        parts.append(f"targets:\n  web:\n    port: 8080\n    start: {start}")
    if run:
        parts.append(
            "system:\n  processes:\n    web:\n"
            f"      run: {run}\n      env: {{PATH: /opt}}\n      cwd: sub"
        )
    return "\n".join(parts) + "\n"


def test_what_starts_a_target_again_is_looked_at_with_its_place(tmp_path: Path) -> None:
    (told,) = troubles(tmp_path, text(start="[/no/such.sh, -v]"), **Looking().bound())
    assert told == (
        "it.yaml:6:12: targets.web.start: expected a program that can be started, found "
        f"'/no/such.sh': {LACKING}"
    )


def test_what_starts_a_process_is_looked_at_as_it_will_run(tmp_path: Path) -> None:
    looking = Looking()
    (told,) = troubles(tmp_path, text(run="[web]"), **looking.bound())
    assert "it.yaml:6:12: system.processes.web.run: expected a program that can be started" in told
    assert looking.asked == [(["web"], {"PATH": "/opt"}, str(tmp_path / "sub"))]


def test_what_makes_the_system_safe_is_looked_at_when_it_is_meant(tmp_path: Path) -> None:
    command = 'on_fail:\n  - {run: [make, abort], when: "%s"}\n'
    base = text(start="[a]")
    found = troubles(tmp_path, base + command % "yes", **Looking().bound())
    assert [one.split(": ")[1] for one in found] == ["targets.web.start", "on_fail[0].run"]
    found = troubles(tmp_path, base + command % "no", **Looking().bound())
    assert [one.split(": ")[1] for one in found] == ["targets.web.start"]


def test_what_the_run_itself_makes_need_not_be_there_yet(tmp_path: Path) -> None:
    looking = Looking()
    read_text(tmp_path, text(start='["${run.scratch}/it"]'), **looking.bound())
    read_text(tmp_path, text(start='["${run.dir}/it"]'), **looking.bound())
    assert looking.asked == []


def test_what_can_be_started_is_no_problem(tmp_path: Path) -> None:
    looking = Looking(why="")
    read_text(tmp_path, text(start="[a]"), **looking.bound())
    assert looking.asked == [(["a"], {}, "")]
    read_text(tmp_path, GOOD)
