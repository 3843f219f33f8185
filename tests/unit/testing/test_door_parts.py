"""What the pytest door is made of: options, seeds, replay, messages, dirt."""

from __future__ import annotations

import os
import shlex
import subprocess
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hormesis.testing.dirt import dirt_of
from hormesis.testing.experiment_marker import asked_by
from hormesis.testing.experiments import Experiments
from hormesis.testing.hormesis_fixture import HormesisFixture
from hormesis.testing.judged_failure import JudgedFailure, message_of
from hormesis.testing.options import Options, read_options
from hormesis.testing.replay import replay_command, replay_words
from hormesis.testing.said import Said
from hormesis.testing.session import ChaosSession
from hormesis.words.check import Finding, RunVerdict, Verdict
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from hormesis.words.trouble import DirtyTrouble, UsageTrouble

ROOT = Path("/project")


class Config:
    """As much of pytest's configuration as the door reads."""

    rootpath = ROOT

    def __init__(
        self, *, here: Path = ROOT, ini: dict[str, str] | None = None, **given: Any
    ) -> None:
        self._given = {f"--{name.replace('_', '-')}": value for name, value in given.items()}
        self._ini = ini or {}
        self.invocation_params = SimpleNamespace(dir=here)

    def getoption(self, name: str, default: object = None) -> object:
        return self._given.get(name, default)

    def getini(self, name: str) -> str:
        return self._ini.get(name, "")


def options(environment: dict[str, str] | None = None, **given: Any) -> Options:
    return read_options(Config(**given), 7, environment or {})  # type: ignore[arg-type]


def test_left_out_options_have_their_defaults() -> None:
    read = options()
    assert (read.database, read.postgres, read.pool_size, read.workers) == ("", "", 5, 10)
    assert (read.isolation, read.transaction_isolation, read.last) == ("schema", "", 10)
    assert read.run_dir == ROOT / "hormesis-runs/pytest"
    assert (read.report, read.allow_unknown, read.recover, read.seed) == (None, False, False, 7)


def test_the_command_line_goes_before_the_ini_file_and_that_before_the_environment() -> None:
    env, ini = {"HORMESIS_DATABASE": "env"}, {"chaos_database": "ini"}
    assert options(env).database == "env"
    assert options(env, ini=ini).database == "ini"
    assert options(env, ini=ini, chaos_database="line").database == "line"


def test_a_folder_is_taken_from_where_it_was_given() -> None:
    here = ROOT / "sub"
    assert options(here=here, chaos_run_dir="runs").run_dir == here / "runs"
    assert options(here=here, ini={"chaos_run_dir": "runs"}).run_dir == ROOT / "runs"


def test_every_bad_option_is_told_at_once() -> None:
    with pytest.raises(pytest.UsageError) as told:
        options(chaos_pool_size="none", chaos_workers="0", ini={"chaos_isolation": "tables"})
    text = str(told.value)
    assert "--chaos-pool-size none: expected a whole number above 0" in text
    assert "--chaos-workers 0" in text
    assert "chaos_isolation = tables: expected one of schema, database, none" in text


def test_a_test_has_the_same_seed_whatever_else_runs() -> None:
    one, two = (ChaosSession(options(), {}, "now") for _ in range(2))
    assert one.seed_of("a::b") == two.seed_of("a::b") != one.seed_of("a::c")


def test_effects_are_kept_by_test() -> None:
    session = ChaosSession(options(), {}, "now")
    session.note_effect("a", "pause", "stood still")
    assert (session.effects("a"), session.effects("b")) == ([("pause", "stood still")], [])


def test_a_test_is_repeated_with_what_changes_it() -> None:
    config: Any = Config(
        here=ROOT / "tests", chaos_pool_size="9", chaos_database="postgresql://u@h/d",
        hypothesis_seed="4",
    )  # fmt: skip
    told = replay_command(config, "tests/test_a.py::test_b[x y]", 11)
    assert told == (
        "pytest 'test_a.py::test_b[x y]' --chaos-seed=11 --chaos-pool-size=9 "
        "--chaos-database=postgresql://u@h/d --hypothesis-seed=4"
    )
    assert replay_words(config, "tests/test_a.py::test_b[x y]", 11) == tuple(shlex.split(told))


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:s3cret@h/d", "postgresql://u@h/d?password=s3cret",
        "host=h password = s3cret", "password='s3 cret'", "postgresql://u:s3/cret@h",
        "postgresql://u:s3#c$(cret)`/pw@h:1x",
    ],
)  # fmt: skip
def test_a_database_with_a_password_is_asked_for_where_the_test_is_repeated(
    address: str,
) -> None:
    config: Any = Config(chaos_database=address)
    line = replay_command(config, "test_a.py::test_b", 11)
    assert "s3" not in line and "cret" not in line and "--chaos-database" not in line
    asked = f"pytest() {{ echo $HORMESIS_DATABASE $*; }}; {line}"
    run = partial(subprocess.run, ["sh", "-c", asked], capture_output=True, text=True, check=False)
    refused = run(env={})
    assert refused.returncode != 0 and "set it to" in refused.stderr
    assert run(env={"HORMESIS_DATABASE": "db"}).stdout == "db test_a.py::test_b --chaos-seed=11\n"
    words = " ".join(replay_words(config, "test_a.py::test_b", 11))
    assert "***" in words and "s3" not in words and "cret" not in words


def test_what_is_said_stands_there_once() -> None:
    item: Any = SimpleNamespace(user_properties=[("other", 1)])
    said = Said(item)
    said.put("seed", 1)
    said.put("seed", 2)
    said.add("unknown", "a")
    said.add("unknown", "b")
    assert item.user_properties == [
        ("other", 1), ("hormesis_seed", "2"), ("hormesis_unknown", "a\nb"),
    ]  # fmt: skip


def judged(*verdicts: Verdict, dirty: tuple[str, ...] = ()) -> Judged:
    outcome = Outcome.merge(one.outcome for one in verdicts)
    reason = f"1 of {len(verdicts)} checks failed. more"
    return Judged("orders", History({}), RunVerdict(outcome, reason, verdicts, dirty))


def test_a_failure_tells_what_was_found_with_evidence_and_advice() -> None:
    findings = [Finding(f"order {n} was sold twice", (f"op {n}",)) for n in range(9)]
    failed = Verdict("never duplicate", "never", Outcome.FAIL, "9 twice", findings, {}, "lock it")
    fine = Verdict("fine", "never", Outcome.PASS, "fine")
    unseen = Verdict("fault stop bit", "evidence", Outcome.UNKNOWN, "it never bit", findings)
    run = judged(fine, unseen, failed)
    text = message_of(run, Path("/runs/1"))
    assert text.splitlines()[:3] == [
        "orders failed: 1 of 3 checks failed",
        "  ✘ never duplicate: 9 twice",
        "      order 0 was sold twice (op 0)",
    ]
    assert text.splitlines()[-4:] == [
        "      and 4 more, in the report",
        "  ? fault stop bit: it never bit",
        "  what to try: lock it",
        "  the run: /runs/1",
    ]
    assert JudgedFailure(text, run).checks == ("never duplicate", "fault stop bit")


def test_dirt_is_seen_wherever_it_stands_in_an_error() -> None:
    dirt = DirtyTrouble("a rule is left")
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = ExceptionGroup("several", [ValueError(), dirt])
    assert "a rule is left" in dirt_of(wrapped)
    assert "hormesis revert" in dirt_of(wrapped)
    assert dirt_of(UsageTrouble("no")) == dirt_of(ValueError()) == ""


@pytest.mark.parametrize("told", ["", "a rule is left"])
def test_dirt_that_a_test_swallows_is_raised_when_it_is_over(told: str) -> None:
    left = SimpleNamespace(
        judged=judged(dirty=("a rule is left",)), directory=Path("/runs/1"), code=None
    )
    item: Any = SimpleNamespace(user_properties=[("hormesis_dirty", told)], nodeid="a::b")
    session = ChaosSession(options(), {}, "now")
    progress: Any = None
    experiments = Experiments(item, session, progress)
    fixture = HormesisFixture(experiments, session)
    hand: Any = SimpleNamespace(finished=left)
    fixture._hands.append(hand)
    if told:
        fixture.close()
        return
    with pytest.raises(DirtyTrouble, match="a rule is left"):
        fixture.close()


def test_a_marker_that_is_written_wrongly_says_how_it_is_written() -> None:
    assert asked_by(pytest.mark.experiment("a.yaml", seed=3).mark).seed == 3
    for wrong in (pytest.mark.experiment(), pytest.mark.experiment("a.yaml", varables={})):
        with pytest.raises(pytest.UsageError, match=r"expected @pytest\.mark\.experiment"):
            asked_by(wrong.mark)


def test_a_folder_of_runs_is_named_after_the_test() -> None:
    session = ChaosSession(options(), {}, "now")
    folder = session.directory_of("tests/test_a.py::Test::test_b[one/two]")
    assert folder.parent == ROOT / "hormesis-runs/pytest/now"
    assert os.sep not in folder.name and len(folder.name) <= 80
