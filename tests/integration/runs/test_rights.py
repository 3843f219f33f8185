"""Who has which rights: the custodian may have root's, and nothing else does; or nobody has any."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hormesis.custodian.privilege import start_starter
from hormesis.host.means import survey
from hormesis.host.tree import mark_of, processes
from hormesis.words.trouble import CapabilityTrouble
from tests.integration.runs.shop import experiment, long
from tests.integration.runs.world import ROOT, Run, World, wait_for

PASS = 0
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")


def _readable_by_nobody() -> bool:
    asked = [sys.executable, "-c", f"open({str(ROOT / 'src/hormesis/api.py')!r})"]
    try:
        done = subprocess.run(asked, user=NOBODY, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture
def open_world() -> Iterator[World]:
    """Give a world whose folder any user may write."""
    if not _readable_by_nobody():
        pytest.skip("the user nobody may not read this checkout or its environment")
    folder = Path(tempfile.mkdtemp(prefix="hormesis-rights-"))
    folder.chmod(0o777)
    world = World(folder)
    yield world
    world.close()
    shutil.rmtree(folder)


def user_of(pid: int) -> int:
    """Return whose process *pid* is."""
    return Path(f"/proc/{pid}").stat().st_uid


@as_root
def test_only_the_custodian_keeps_roots_rights(open_world: World) -> None:
    open_world.write("shop.json", long())
    command = open_world.start("run", "shop.json", "--quiet", "--as", "nobody")
    run = open_world.active("frozen-1/0")
    assert user_of(command.process.pid) == NOBODY, "the engine"
    assert user_of(run.custodian.pid) == 0
    run_id = run.manifest["run"]
    others = [one.pid for one in processes() if mark_of(one.pid).startswith(f"{run_id}/")]
    assert len(others) >= 2, "the service and the proxy"
    assert {user_of(pid) for pid in others} == {NOBODY}
    command.send(signal.SIGINT)
    assert command.answer(15.0).code == 130
    assert run.remains() == []


@as_root
@pytest.mark.parametrize("both", [False, True], ids=["engine", "engine-and-custodian"])
def test_what_a_killed_engine_without_rights_leaves_is_reverted(
    both: bool, open_world: World
) -> None:
    open_world.write("shop.json", long())
    command = open_world.start("run", "shop.json", "--quiet", "--as", "nobody")
    run = open_world.active("frozen-1/0")
    custodian = run.custodian
    if both:
        os.kill(custodian.pid, signal.SIGSTOP)
    command.kill()
    if both:
        os.kill(custodian.pid, signal.SIGKILL)
    wait_for(lambda: not custodian.alive, "the custodian has ended")
    if both:
        assert run.remains() != []
        assert open_world.hormesis("revert").code == PASS
    wait_for(lambda: not run.remains(), "nothing is left")


@as_root
def test_an_engine_without_rights_has_the_starter_revert_for_a_dead_custodian(
    open_world: World,
) -> None:
    open_world.write("shop.json", long())
    command = open_world.start("run", "shop.json", "--quiet", "--as", "nobody")
    run = open_world.active("frozen-1/0")
    os.kill(run.custodian.pid, signal.SIGKILL)
    assert command.answer(20.0).code == 2
    assert run.remains() == []


@as_root
def test_no_run_begins_while_another_users_leftovers_are_there(open_world: World) -> None:
    open_world.write("shop.json", long())
    command = open_world.start("run", "shop.json", "--quiet", "--as", "nobody")
    run = open_world.active("frozen-1/0")
    custodian = run.custodian
    os.kill(custodian.pid, signal.SIGSTOP)
    command.kill()
    os.kill(custodian.pid, signal.SIGKILL)
    wait_for(lambda: not custodian.alive, "the custodian has ended")
    refused = open_world.hormesis("run", "shop.json", "--as", "nobody")
    assert (refused.code, "only another user may read" in refused.err) == (3, True)
    assert open_world.hormesis("revert").code == PASS
    wait_for(lambda: not run.remains(), "nothing is left")


@as_root
def test_the_custodians_rights_decide_what_can_be_done() -> None:
    ours = survey(["cgroup-cpu"])
    with closing(start_starter(sudo=False)) as starter:
        assert starter.survey(["cgroup-cpu"]) == ours
        with pytest.raises(CapabilityTrouble, match="no ledger"):
            starter.replay(Path("/nowhere/ledger"))


@as_root
def test_a_state_folder_of_somebody_else_is_told_in_one_sentence(open_world: World) -> None:
    open_world.write("shop.json", experiment())
    private = open_world.folder / "private"
    private.mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-c", "from hormesis.cli.main import main; main()", "run", "shop.json"],
        cwd=open_world.folder, env={**open_world.environment, "HORMESIS_STATE": f"{private}/x"},
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (64, False)
    assert "cannot be used: Permission denied; set HORMESIS_STATE" in done.stderr


@as_root
def test_rights_are_given_up_by_root_only(open_world: World) -> None:
    open_world.write("shop.json", experiment())
    unknown = open_world.hormesis("run", "shop.json", "--as", "no-such-user")
    assert (unknown.code, "no user 'no-such-user'" in unknown.err) == (64, True)
    both = open_world.hormesis("run", "shop.json", "--as", "nobody", "--sudo")
    assert (both.code, "two ways to one end" in both.err) == (64, True)


@pytest.mark.parametrize("nobody", [False, True], ids=["as-is", "as-nobody"])
def test_an_isolated_run_has_a_network_of_its_own(nobody: bool, open_world: World) -> None:
    if nobody and os.geteuid() != 0:
        pytest.skip("this is an ordinary user already")
    where = {"name": "where", "probe": "command", "run": ["readlink", "/proc/self/ns/net"],
             "every": "300ms"}  # fmt: skip
    made = experiment()
    open_world.write("shop.json", {**made, "tracks": [*made["tracks"], where]})
    command = [sys.executable, "-c", "from hormesis.cli.main import main; main()",
               "run", "shop.json", "--isolated", "--json"]  # fmt: skip
    rights: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if nobody else {}
    done = subprocess.run(
        command, cwd=open_world.folder, env=open_world.environment, capture_output=True,
        text=True, timeout=60, check=False, **rights,
    )  # fmt: skip
    if "--isolated is refused here" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == PASS, done.stderr
    run: Run = open_world.run()
    history = (run.directory / "history.jsonl").read_text()
    outside = os.readlink("/proc/self/ns/net")
    assert "net:[" in history and outside not in history
