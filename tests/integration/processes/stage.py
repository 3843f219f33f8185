"""A stage for one verb: a service that was there before, and the scene it plays in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hormesis.host.children import Children
from hormesis.host.process import Identity
from hormesis.host.service import Service
from hormesis.host.services import Services
from hormesis.host.steps import drive
from hormesis.host.verb_protocol import Facts, Scene
from hormesis.host.verbs import load_verb, reader_of
from hormesis.words.verb import Undone
from tests.integration.postgres_faults.companions import Companion

_PATIENCE_S = 10.0
IDLE = [sys.executable, "-S", "-c", "import sys; print(flush=True); sys.stdin.read()"]
BUSY = [sys.executable, "-S", "-c", "print(flush=True)\nwhile True: pass"]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"waited in vain: {what}"
        pause.wait(0.005)


def _end(companion: Companion) -> None:
    companion.process.kill()
    for pipe in (companion.process.stdin, companion.process.stdout):
        if pipe is not None:
            pipe.close()
    companion.process.wait(5)


class Held:
    """One effect that was done, and how to undo it, here or as a replay would."""

    def __init__(self, stage: Stage, verb: str, args: dict[str, Any], number: int) -> None:
        self._verb, self._args = verb, {"subject": "stage", **args}
        self.facts: Facts = {}
        self.undone = False
        self._scene = Scene(
            run=stage.run, effect=f"{verb}-{number}/0", note=self.facts.update,
            services=stage.services, companions={},
        )  # fmt: skip

    def do(self) -> Held:
        module = load_verb(self._verb)
        self.facts.update(module.capture(self._scene, self._args))
        self.facts.update(drive(module.perform(self._scene, self._args, self.facts)))
        return self

    def undo(self) -> Undone:
        self.undone = True
        return drive(load_verb(self._verb).undo(self._scene, self._args, self.facts))

    def read(self) -> Facts:
        reader = reader_of(self._verb)
        assert reader is not None
        return reader(self._scene, self._args, self.facts)


class Stage:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = f"test-{os.getpid()}-{folder.name[-12:]}"
        self.services = Services(self.run, Children())
        self.first_line = b""
        self._held: list[Held] = []
        self._stack = ExitStack()

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *error: object) -> None:
        for held in reversed(self._held):
            if not held.undone and held.facts:
                held.undo()
        for service in self.services:
            if service.process is not None and service.process.alive:
                os.kill(service.process.pid, 9)
        self._stack.close()

    def adopt(self, run: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start *run* as a stranger to the run, wait for its first line, and adopt it."""
        process = subprocess.Popen(
            run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, **options
        )  # fmt: skip
        assert process.stdout is not None
        self.first_line = process.stdout.readline()
        self._stack.callback(process.communicate)
        self._stack.callback(process.kill)
        who = Identity.of(process.pid)
        service = Service("stage", run=run, process=who, generation=1, grace_s=2.0)
        service.env = dict(options.get("env") or {})
        self.services.add(service)
        return process

    @property
    def pid(self) -> int:
        service = self.services.need("stage")
        assert service.process is not None
        return service.process.pid

    def held(self, verb: str, **args: Any) -> Held:
        """Do *verb* to the service."""
        held = Held(self, verb, args, len(self._held))
        self._held.append(held)
        return held.do()

    def holder(self, program: str, **config: Any) -> Companion:
        """Start a holder as the custodian would and see that it is ready."""
        companion = Companion(f"hormesis.host.holders.{program}", config)
        self._stack.callback(_end, companion)
        first = companion.report()
        assert first.get("ready"), first
        return companion
