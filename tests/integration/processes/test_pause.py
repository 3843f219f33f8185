"""Whoever was held is let go, also when it has lost every bond to the service."""

from __future__ import annotations

import os
import signal
import sys

from hormesis.host.process import Identity
from hormesis.words.verb import Undone
from tests.integration.processes.stage import Stage, wait_for

PARENT = [sys.executable, "-S", "-c", """
import os, signal, sys
child = os.fork()
if not child:
    os.setsid()
    signal.pause()
print(child, flush=True)
sys.stdin.read()
"""]  # fmt: skip


def stopped(who: Identity) -> bool:
    stat = who.stat()
    return stat is not None and stat.stopped


def test_a_child_that_a_holder_stopped_is_let_go_when_its_parent_is_gone(stage: Stage) -> None:
    stage.adopt(PARENT)
    held = stage.held("pause", stop=False)
    held.facts["members"] = held.facts["members"][:1]  # The child was born after that.
    main, child = stage.services.need("stage").members("")
    try:
        assert held.read() == {"held": 0}
        os.kill(child.pid, signal.SIGSTOP)
        wait_for(lambda: stopped(child), "the child is stopped")
        assert held.read() == {"held": 1}
        os.kill(main.pid, signal.SIGKILL)
        wait_for(lambda: not main.alive, "the parent is gone")
        assert child not in stage.services.need("stage").members("")
        assert held.undo() is Undone.DONE
        wait_for(lambda: not stopped(child), "the child goes on")
        assert held.read() == {"held": 0}
    finally:
        os.kill(child.pid, signal.SIGKILL)
