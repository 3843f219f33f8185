"""Processes are told apart by more than their pid, and a stranger is never signalled."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from hormesis.host.children import Children
from hormesis.host.process import Identity, ended, send, signal_number, stat_of
from hormesis.host.spawn import spawn_gated, tail_of
from hormesis.host.steps import drive
from hormesis.host.tree import kill_tree, tree
from hormesis.host.verb_protocol import NothingDone

_FAR_AWAY = 1e6


def test_this_process_is_itself() -> None:
    me = Identity.of(os.getpid())
    assert me is not None and me.alive
    stat = stat_of(os.getpid())
    assert stat is not None and stat.parent == os.getppid() and not stat.stopped


def test_a_signal_for_an_earlier_owner_of_the_pid_is_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda fd, number: sent.append(number))
    me = Identity.of(os.getpid())
    assert me is not None
    assert not send(replace(me, start=me.start - 1), signal.SIGKILL)
    assert not send(replace(me, boot="another boot"), signal.SIGKILL)
    assert sent == []
    assert send(me, signal.SIGUSR1)
    assert sent == [signal.SIGUSR1]


def test_signals_go_by_either_name() -> None:
    assert signal_number("term") == signal_number("SIGTERM") == signal.SIGTERM
    with pytest.raises(ValueError, match="no signal 'NOPE'"):
        signal_number("NOPE")


def test_a_gated_process_runs_only_when_the_gate_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    children = Children()
    run = ["/bin/sh", "-c", "echo ran"]
    for opened, said in ((False, ""), (True, "ran")):
        log = tmp_path / f"log-{opened}"
        gated = spawn_gated(children, run, env={}, cwd="", log=str(log))
        assert gated.who.alive, "it waits"
        if opened:
            gated.open()
        gated.drop()
        assert drive(ended([gated.who], _FAR_AWAY))
        assert tail_of(str(log)) == said
        assert children.status_of(gated.who.pid) == (0 if opened else 125)
        with monkeypatch.context() as patch:  # The children of other tests are not ours to reap.
            patch.setattr(os, "waitpid", _no_child)
            assert children.reap() == [gated.who.pid], "asking for a status must not hide the end"
            assert children.reap() == []


def _no_child(pid: int, options: int) -> tuple[int, int]:
    raise ChildProcessError


def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    with pytest.raises(NothingDone, match="cannot be started"):
        spawn_gated(Children(), ["x"], env={}, cwd=str(tmp_path / "no"), log="/dev/null")


def test_a_tree_is_found_by_descent_and_killed_whole() -> None:
    children = Children()
    # A shell that waited once would end by itself as soon as its children are killed.
    command = ["/bin/sh", "-c", "sleep 607 & sleep 607 & while :; do wait; done"]
    gated = spawn_gated(children, command, env={"PATH": os.defpath}, cwd="", log="/dev/null")
    assert tree(gated.who)[0] == gated.who
    gated.open()
    drive(kill_tree(gated.who, session=True, known=[]))
    assert tree(gated.who, session=True) == []
    assert children.status_of(gated.who.pid) == -signal.SIGKILL


def test_the_tree_never_holds_the_one_who_asks() -> None:
    me = Identity.of(os.getpid())
    parent = Identity.of(os.getppid())
    assert me is not None and me not in tree(parent)
