"""The verb ``container`` against a real engine: done, undone once, and never to another's work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hormesis.host.steps import drive
from hormesis.host.verb_protocol import Missing, NothingDone, Scene, VerbFailed
from hormesis.host.verbs import container
from hormesis.words.verb import Undone
from tests.container_engine import NETWORK, ContainerEngine
from tests.integration.runs.world import wait_for

Make = Callable[..., str]
Facts = dict[str, Any]


class Deed:
    """One effect of the verb, outside any run."""

    def __init__(self, engine: ContainerEngine, name: str, **action: Any) -> None:
        self.engine = engine
        self.args = {"subject": name, "container": name, "docker": engine.socket, **action}
        self.facts: Facts = {}
        # Nothing but the note is used of a scene.
        self.scene = Scene("run", "effect", self._noted, None, {})  # type: ignore[arg-type]

    def _noted(self, facts: Facts) -> None:
        self.facts.update(facts)

    def do(self, *, cut_off: bool = False) -> Deed:
        """Do it; *cut_off* forgets what was found out, as a crash before the record does."""
        self.facts.update(container.capture(self.scene, self.args))
        found = drive(container.perform(self.scene, self.args, self.facts))
        if not cut_off:
            self.facts.update(found)
        return self

    def undo(self) -> Undone:
        """Undo it."""
        return drive(container.undo(self.scene, self.args, self.facts))

    def reading(self) -> Facts:
        """Read it."""
        return container.read(self.scene, self.args, self.facts)


def status(engine: ContainerEngine, name: str) -> str:
    """Return the engine's word for how a container stands."""
    return str(engine.account(name)["State"]["Status"])


CUT_OFF = [False, pytest.param(True, marks=pytest.mark.prove)]
ENDINGS = [{"action": "kill"}, {"action": "stop", "grace_s": 0}]


@pytest.mark.parametrize("cut_off", CUT_OFF)
@pytest.mark.parametrize("action", ENDINGS, ids=["kill", "stop"])
def test_an_ended_container_is_started_once(
    engine: ContainerEngine, box: Make, action: Facts, cut_off: bool
) -> None:
    name = box()
    deed = Deed(engine, name, **action).do(cut_off=cut_off)
    assert status(engine, name) == deed.reading()["status"] == "exited"
    assert deed.undo() is Undone.DONE
    assert status(engine, name) == "running"
    assert deed.undo() is Undone.GONE


@pytest.mark.parametrize("cut_off", CUT_OFF)
def test_a_paused_container_goes_on(engine: ContainerEngine, box: Make, cut_off: bool) -> None:
    name = box()
    deed = Deed(engine, name, action="pause").do(cut_off=cut_off)
    assert status(engine, name) == "paused"
    with pytest.raises(NothingDone, match="paused already"):
        Deed(engine, name, action="pause").do()
    assert deed.undo() is Undone.DONE
    assert status(engine, name) == "running"
    assert deed.undo() is Undone.GONE


def test_what_somebody_else_started_or_paused_is_left_alone(
    engine: ContainerEngine, box: Make
) -> None:
    name = box()
    killed = Deed(engine, name, action="kill").do()
    engine.docker("start", name)
    engine.docker("kill", name)
    assert killed.undo() is Undone.NOT_MINE
    engine.docker("start", name)
    assert killed.undo() is Undone.GONE
    paused = Deed(engine, name, action="pause").do()
    engine.docker("restart", "-t", "0", name)
    engine.docker("pause", name)
    assert paused.undo() is Undone.NOT_MINE
    assert status(engine, name) == "paused"


def test_a_container_comes_back_under_its_names_and_address(
    engine: ContainerEngine, box: Make
) -> None:
    name = box("--network", NETWORK, "--network-alias", "shop")
    before = engine.account(name)["NetworkSettings"]["Networks"][NETWORK]
    deed = Deed(engine, name, action="disconnect").do()
    assert not engine.account(name)["NetworkSettings"]["Networks"]
    assert deed.reading()["networks"] == 0
    assert deed.undo() is Undone.DONE
    after = engine.account(name)["NetworkSettings"]["Networks"][NETWORK]
    assert [after["IPAddress"], after["Aliases"]] == [before["IPAddress"], before["Aliases"]]
    assert deed.reading()["moved"] == ""
    assert deed.undo() is Undone.GONE


def test_an_address_that_was_taken_meanwhile_is_given_up(
    engine: ContainerEngine, box: Make
) -> None:
    name = box("--network", NETWORK)
    address = engine.account(name)["NetworkSettings"]["Networks"][NETWORK]["IPAddress"]
    deed = Deed(engine, name, action="disconnect").do()
    box("--network", NETWORK, "--ip", address)
    assert deed.undo() is Undone.DONE
    assert deed.reading()["moved"] == NETWORK


def test_a_chosen_address_that_was_taken_is_told(engine: ContainerEngine, box: Make) -> None:
    address = "172.31.99.77"
    name = box("--network", NETWORK, "--ip", address)
    deed = Deed(engine, name, action="disconnect").do()
    thief = box("--network", NETWORK, "--ip", address)
    with pytest.raises(VerbFailed, match="cannot be put back on network"):
        deed.undo()
    engine.docker("network", "disconnect", NETWORK, thief)
    assert deed.undo() is Undone.DONE


LIMITS = [
    ({"cpus": 0.25}, (), ("CpuQuota",)),
    ({"cpus": 0.25}, ("--cpus", "0.5"), ("NanoCpus",)),
    ({"memory_bytes": 16 << 20}, ("--memory", "64m"), ("Memory", "MemorySwap")),
]


@pytest.mark.parametrize("cut_off", CUT_OFF)
@pytest.mark.parametrize(("limit", "words", "keys"), LIMITS, ids=["cpu", "cpu-again", "memory"])
def test_a_limit_is_put_back(
    engine: ContainerEngine, box: Make, limit: Facts, words: tuple[str, ...],
    keys: tuple[str, ...], cut_off: bool,
) -> None:  # fmt: skip
    def limits() -> list[int]:
        config = engine.account(name)["HostConfig"]
        return [max(config[key] or 0, 0) for key in keys]

    name = box(*words)
    before = limits()
    deed = Deed(engine, name, action="update", **limit).do(cut_off=cut_off)
    assert limits() != before
    assert deed.undo() is Undone.DONE
    assert limits() == before
    assert deed.undo() is Undone.GONE


def test_no_memory_limit_is_no_memory_limit_again(engine: ContainerEngine, box: Make) -> None:
    name = box()
    deed = Deed(engine, name, action="update", memory_bytes=16 << 20).do()
    assert deed.reading()["memory_limit_bytes"] == 16 << 20
    assert deed.undo() is Undone.DONE
    assert deed.reading()["memory_bytes"] == 0
    assert deed.reading()["memory_limit_bytes"] >= 1 << 60
    assert deed.undo() is Undone.GONE


def test_a_limit_that_somebody_else_set_is_left_alone(engine: ContainerEngine, box: Make) -> None:
    name = box("--memory", "64m")
    deed = Deed(engine, name, action="update", memory_bytes=16 << 20).do()
    engine.docker("update", "--memory", "32m", "--memory-swap", "32m", name)
    assert deed.undo() is Undone.NOT_MINE
    assert engine.account(name)["HostConfig"]["Memory"] == 32 << 20


def test_a_container_that_was_made_anew_is_not_touched(engine: ContainerEngine, box: Make) -> None:
    name = box()
    deed = Deed(engine, name, action="kill").do()
    engine.remove(name)
    engine.docker("create", "--name", name, "hormesis-box", "/bin/sleep", "600")
    assert deed.undo() is Undone.GONE
    assert status(engine, name) == "created"
    assert deed.reading()["status"] == "removed"


REFUSALS = [
    ((), {"action": "explode"}, "there is no action 'explode'"),
    ((), {"action": "kill", "signal": "NONE"}, "there is no signal 'NONE'"),
    (("--rm",), {"action": "kill"}, "removes container"),
    (("--network", "host"), {"action": "disconnect"}, "it is on: host"),
    ((), {"action": "disconnect", "network": "x"}, "is not on network 'x'"),
    (("--cpus", "0.5"), {"action": "update", "cpus": 0.7}, "limited to 0.5 already"),
    ((), {"action": "update"}, "needs cpus or memory_bytes"),
]


@pytest.mark.parametrize(("words", "action", "told"), REFUSALS, ids=[one[2] for one in REFUSALS])
def test_what_cannot_be_undone_is_refused(
    engine: ContainerEngine, box: Make, words: tuple[str, ...], action: Facts, told: str
) -> None:
    name = box(*words)
    with pytest.raises(NothingDone, match=told):
        Deed(engine, name, **action).do()
    assert status(engine, name) == "running"


def test_a_container_that_is_not_there_is_told(engine: ContainerEngine) -> None:
    with pytest.raises(NothingDone, match="there is no container 'nobody'"):
        Deed(engine, "nobody", action="kill").do()


def test_what_the_engine_refuses_is_told_in_its_words(engine: ContainerEngine, box: Make) -> None:
    deed = Deed(engine, box("--memory", "64m"), action="update", memory_bytes=1 << 20)
    with pytest.raises(VerbFailed, match=r"(?i)minimum memory"):
        deed.do()
    assert deed.undo() is Undone.GONE


@pytest.mark.prove
def test_a_container_that_died_of_a_limit_is_started_again(engine: ContainerEngine) -> None:
    grow = "sleep 1; exec dd if=/dev/zero of=/dev/null bs=40M"
    name = "box-that-grows"
    engine.docker("run", "-d", "--name", name, "hormesis-box", "/bin/sh", "-c", grow)
    try:
        deed = Deed(engine, name, action="update", memory_bytes=16 << 20).do()
        wait_for(lambda: status(engine, name) == "exited", "the kernel kills it")
        assert deed.reading()["oom_killed"] is True
        assert deed.undo() is Undone.DONE
        assert status(engine, name) == "running"
    finally:
        engine.remove(name)


def test_an_engine_that_is_away_is_missing(engine: ContainerEngine, box: Make) -> None:
    deed = Deed(engine, box(), action="kill")
    deed.args["docker"] = engine.socket + ".not"
    with pytest.raises(Missing, match="there is no container engine at"):
        deed.do()
