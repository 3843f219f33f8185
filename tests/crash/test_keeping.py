"""What a living custodian keeps: holds, leases, permits, services, orphans."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hormesis.custodian.forgetting import forget
from hormesis.custodian.recover import replay
from hormesis.custodian.registry import open_runs
from hormesis.host.process import Identity
from hormesis.host.tree import mark_of
from hormesis.record.ledger import read_ledger
from hormesis.words.permit import Permit
from hormesis.words.trouble import DirtyTrouble
from tests.crash.case import wait_for
from tests.crash.conversation import conversation

SLEEPER = ["/bin/sh", "-c", "sleep 602 & wait"]
DEAF = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 602; done"]


def _runs(pid: int) -> bool:
    who = Identity.of(pid)
    return who is not None and who.alive


def test_a_hold_ends_in_time_while_another_effect_is_being_stopped(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        talk.do("deaf", "service", subject="server", run=DEAF, grace_s=0.6)
        talk.do("other", "service", subject="other", run=SLEEPER)
        talk.do("hold", "pause", subject="other", hold_s=0.3)
        begun = time.monotonic()
        stopping = talk.send("do", effect="stop", verb="stop", args={"subject": "server"})
        reverted = talk.event("reverted", effect="hold")
        assert reverted["because"] == "hold"
        assert reverted["at"] - begun < 0.45, "the stop held the loop up"
        assert talk.state("other")["state"] == "running"
        assert talk.reply(stopping)["ok"]
        assert time.monotonic() - begun >= 0.6, "the deaf service must have had its grace"
        assert talk.state("server")["state"] == "gone"


def test_a_silent_engine_finds_its_lease_gone_and_everything_reverted(tmp_path: Path) -> None:
    with conversation(tmp_path, lease_s=1.5) as talk:
        pid = talk.do("server", "service", subject="server", run=SLEEPER)["pid"]
        talk.do("pause", "pause", subject="server")
        assert talk.event("reverted", effect="pause")["because"] == "lease"
        assert talk.event("reverted", effect="server")["because"] == "lease"
        refused = talk.ask("do", effect="late", verb="pause", args={"subject": "server"})
        assert (refused["ok"], refused["why"]) == (False, "lease")
        assert not _runs(pid)
        assert read_ledger(talk.ledger).closed
        assert talk.custody.process.poll() is None, "it stays until the lifeline closes"


def test_beats_keep_the_lease(tmp_path: Path) -> None:
    with conversation(tmp_path, lease_s=1.0) as talk:
        talk.do("server", "service", subject="server", run=SLEEPER)
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            assert talk.ask("beat")["ok"]
        assert talk.state("server")["state"] == "running"


def test_the_permit_is_enforced(tmp_path: Path) -> None:
    permit = Permit(
        (("service", "server"), ("pause", "server"), ("kill", "other")), hold_s_max=5, effects_max=2
    )
    with conversation(tmp_path, permit=permit) as talk:
        talk.do("server", "service", subject="server", run=SLEEPER)
        for verb, subject, hold_s in (
            ("stop", "server", None), ("pause", "stranger", None), ("pause", "server", 6.0),
            ("kill", "server", None), ("pause", "other", None),
        ):  # fmt: skip
            args = {"subject": subject}
            refused = talk.ask("do", effect="x", verb=verb, args=args, hold_s=hold_s)
            assert (refused["ok"], refused["why"]) == (False, "permit"), verb
        adopted = talk.ask("adopt", service={"name": "stranger", "pid": os.getpid()})
        assert (adopted["ok"], adopted["why"]) == (False, "permit")
        talk.do("pause", "pause", subject="server")
        assert talk.ask("do", effect="y", verb="pause", args={"subject": "server"})["why"] == (
            "permit"
        )
        unknown = talk.ask("do", effect="z", verb="explode", args={})
        assert unknown["why"] == "unknown-verb"


def test_undo_is_idempotent(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        talk.do("server", "service", subject="server", run=SLEEPER)
        talk.do("pause", "pause", subject="server")
        assert talk.ask("undo", effect="pause")["result"] == {"undone": "done"}
        assert talk.ask("undo", effect="pause")["result"] == {"undone": "gone"}
        assert talk.ask("undo", effect="never")["result"] == {"undone": "gone"}


def test_a_service_that_ends_at_once_says_why(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "server.log"
    run = ["/bin/sh", "-c", "echo no such database; exit 3"]
    with conversation(tmp_path) as talk:
        args = {"subject": "server", "run": run, "log": str(log)}
        refused = talk.ask("do", effect="server", verb="service", args=args)
        assert not refused["ok"]
        assert "status 3" in refused["error"]
        assert "no such database" in refused["error"]
        missing = talk.ask(
            "do", effect="server", verb="service",
            args={"subject": "server", "run": ["/no/such/program"], "log": str(log)},
        )  # fmt: skip
        assert "/no/such/program: not found" in missing["error"]


def test_a_service_is_started_again_by_its_policy_and_tells(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        first = talk.do("server", "service", subject="server", run=SLEEPER, restart=True)
        assert talk.event("started")["generation"] == 1
        os.kill(first["pid"], signal.SIGKILL)
        exited = talk.event("exited")
        assert (exited["planned"], exited["status"]) == (False, -signal.SIGKILL)
        started = talk.event("started")
        assert started["generation"] == 2
        assert started["at"] - exited["at"] >= 1.0
        talk.do("kill", "kill", subject="server")
        assert talk.event("exited")["planned"] is True
        assert talk.event("started")["generation"] == 3
        assert talk.ask("undo", effect="kill")["result"] == {"undone": "gone"}


def test_no_orphan_outlives_the_run(tmp_path: Path) -> None:
    code = "import os, sys; os.fork() and sys.exit(); os.setsid(); os.execve('/bin/sleep', " \
        "['sleep', '603'], {})"  # fmt: skip
    run = ["/bin/sh", "-c", f'{sys.executable} -S -c "{code}"; sleep 603']
    with conversation(tmp_path) as talk:
        talk.do("server", "service", subject="server", run=run)

        def orphans() -> list[int]:
            found = []
            for entry in os.listdir("/proc"):
                if entry.isdigit() and (who := Identity.of(int(entry))) is not None:
                    stat = who.stat()
                    if stat and stat.parent == talk.custody.pid and not mark_of(who.pid):
                        found.append(who.pid)
            return found

        wait_for(lambda: bool(orphans()), "the daemon is adopted by the custodian")
        (orphan,) = orphans()
        who = Identity.of(orphan)
        assert talk.close() == []
        assert who is not None and not who.alive


def test_terminal_signals_reach_the_services_but_not_the_custodian(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        pid = talk.do("server", "service", subject="server", run=["/bin/sleep", "604"])["pid"]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(talk.custody.pid, number)
        assert talk.ask("hello")["ok"]
        status = Path(f"/proc/{pid}/status").read_text()
        ignored = int(status.partition("SigIgn:\t")[2].split()[0], 16)
        assert not ignored & (1 << (signal.SIGTERM - 1)), "services must hear SIGTERM"


def test_a_service_is_adopted_by_its_port_and_left_as_it_was(tmp_path: Path) -> None:
    code = (
        "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen();"
        "print(s.getsockname()[1], flush=True); time.sleep(605)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        port = int(stranger.stdout.readline())
        try:
            with conversation(tmp_path) as talk:
                adopted = talk.ask("adopt", service={"name": "stage", "port": port})
                assert adopted["result"]["pid"] == stranger.pid
                talk.do("pause", "pause", subject="stage")
                assert talk.state("stage")["state"] == "stopped"
            assert stranger.poll() is None
            who = Identity.of(stranger.pid)
            assert who is not None and (stat := who.stat()) is not None and not stat.stopped
        finally:
            stranger.kill()


def test_the_end_of_a_stranger_is_told(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["/bin/sleep", "606"])
    with conversation(tmp_path) as talk:
        talk.ask("adopt", service={"name": "stage", "pid": stranger.pid})
        talk.do("kill", "kill", subject="stage")
        stranger.wait()
        exited = talk.event("exited", service="stage")
        assert (exited["planned"], exited["status"]) == (True, None)
        assert talk.ask("undo", effect="kill")["result"] == {"undone": "gone"}


def test_a_holder_that_dies_by_itself_is_told(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        done = talk.do("hold", "holder", subject="server", program="crash_programs.hold")
        assert talk.ask("report", effect="hold")["result"] == {"ready": True}
        os.kill(done["pid"], signal.SIGKILL)
        told = talk.event("ended", effect="hold")
        assert told["status"] == -signal.SIGKILL
        assert talk.ask("undo", effect="hold")["result"] == {"undone": "gone"}


def test_a_program_that_fails_is_undone_and_says_why(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        config = {"path": str(tmp_path / "no" / "folder"), "there": True}
        args = {"subject": "server", "program": "crash_programs.place", "do": config,
                "undo": {"path": str(tmp_path / "placed"), "there": False}}  # fmt: skip
        (tmp_path / "placed").write_text("here")
        refused = talk.ask("do", effect="place", verb="program", args=args)
        assert "FileNotFoundError" in refused["error"]
        assert not (tmp_path / "placed").exists(), "a failed do is undone"
        assert read_ledger(talk.ledger).effects == {}


def test_what_cannot_be_undone_is_reported_and_stays_open(tmp_path: Path) -> None:
    gone = tmp_path / "placed"
    folder = tmp_path / "folder"
    folder.mkdir()
    args: dict[str, Any] = {
        "subject": "server", "program": "crash_programs.place",
        "do": {"path": str(gone), "there": True}, "undo": {"path": str(folder), "there": False},
    }  # fmt: skip
    with conversation(tmp_path) as talk:
        pid = talk.do("first", "service", subject="server", run=SLEEPER)["pid"]
        talk.do("place", "program", **args)
        (dirty,) = talk.close()
        assert dirty.startswith("place (program)")
        assert not _runs(pid), "one failure must not stop the rest"
        assert talk.custody.wait(10) == 3
    (run,) = open_runs(tmp_path / "state")
    assert [effect.effect for effect in run.effects] == ["place"]
    assert not run.alive
    (still,) = replay(talk.ledger)
    assert still.undone is None and still.trouble
    folder.rmdir()
    (done,) = replay(talk.ledger)
    assert done.undone is not None and not done.trouble
    assert open_runs(tmp_path / "state") == []


def test_what_can_never_be_undone_can_be_given_up(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    there = {"path": str(tmp_path / "x"), "there": True}
    gone = {"path": str(folder), "there": False}
    with conversation(tmp_path) as talk:
        pid = talk.do("server", "service", subject="server", run=SLEEPER)["pid"]
        talk.do(
            "place", "program", subject="server", program="crash_programs.place", do=there,
            undo=gone,
        )  # fmt: skip
        assert talk.close() != []
    assert not _runs(pid)
    (run,) = open_runs(tmp_path / "state")
    (given_up,) = forget(run)
    assert given_up.startswith("place (program): ")
    assert open_runs(tmp_path / "state") == []
    assert read_ledger(talk.ledger).closed


def test_a_living_custodian_is_not_replayed_behind_its_back(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        talk.do("server", "service", subject="server", run=SLEEPER)
        (run,) = open_runs(tmp_path / "state")
        assert run.alive
        with pytest.raises(DirtyTrouble, match="held by a living custodian"):
            replay(talk.ledger)
        assert talk.state("server")["state"] == "running"


def test_a_bad_request_costs_nothing(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        talk.custody.link.sendall(b"not json\n[1]\n")
        assert "unknown request" in talk.ask("dance")["error"]
        assert not talk.ask("do")["ok"]
        assert talk.ask("hello")["ok"]


def test_an_engine_that_leaves_is_enough(tmp_path: Path) -> None:
    with conversation(tmp_path) as talk:
        pid = talk.do("server", "service", subject="server", run=SLEEPER)["pid"]
        talk.closed = True
        talk.custody.link.shutdown(socket.SHUT_RDWR)
        assert talk.custody.wait(10) == 0
        assert not _runs(pid)
        assert open_runs(tmp_path / "state") == []


def test_one_process_has_one_name(tmp_path: Path) -> None:
    process = subprocess.Popen(SLEEPER, start_new_session=True)
    try:
        with conversation(tmp_path) as talk:
            assert talk.ask("adopt", service={"name": "server", "pid": process.pid})["ok"]
            again = talk.ask("adopt", service={"name": "other", "pid": process.pid})
            assert not again["ok"]
            assert again["error"].endswith("is 'server' already: use one target for both")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
