"""The order of do and undo, and what a failure does to the others."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from hormesis.custodian import effects as effects_module
from hormesis.custodian.effects import Effect, Effects, Phase
from hormesis.custodian.failpoint import Failpoint
from hormesis.host.children import Children
from hormesis.host.process import boot_id
from hormesis.host.services import Services
from hormesis.host.steps import Steps, drive
from hormesis.host.verb_protocol import Args, Facts, NothingDone, Scene, VerbFailed
from hormesis.record.ledger import Ledger, parse_ledger
from hormesis.words.verb import Undone, VerbCall


@dataclass
class FakeVerb:
    """A verb that writes down what happens and what the ledger said at that moment."""

    path: Path
    survives_reboot: bool = False
    refuse: bool = False
    fail: bool = False
    stuck: set[str] = field(default_factory=set)
    story: list[tuple[str, str, list[str]]] = field(default_factory=list)

    def _tell(self, what: str, scene: Scene) -> None:
        content = parse_ledger(self.path.read_bytes())
        known = [f"{name}{'!' if one.applied else ''}" for name, one in content.effects.items()]
        self.story.append((what, scene.effect, known))

    def capture(self, scene: Scene, args: Args) -> Facts:
        self._tell("capture", scene)
        return {"captured": True}

    def perform(self, scene: Scene, args: Args, facts: Facts) -> Steps[Facts]:
        yield from ()
        self._tell("perform", scene)
        scene.note({"noted": True})
        if self.refuse:
            raise NothingDone("refused")
        if self.fail:
            raise VerbFailed("failed halfway")
        return {"performed": True}

    def undo(self, scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
        yield from ()
        self._tell("undo", scene)
        if scene.effect in self.stuck:
            raise VerbFailed("stuck")
        return Undone.DONE


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger")
    ledger.start(run="r", boot=boot_id(), pointer="/p")
    yield ledger
    ledger.close()


@pytest.fixture
def verb(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> FakeVerb:
    verb = FakeVerb(ledger.path)
    monkeypatch.setattr(effects_module, "load_verb", lambda name: verb)
    monkeypatch.setattr(effects_module, "_TRY_AGAIN_S", 0.0)
    return verb


def _effect(effects: Effects, name: str, boot: str = "") -> Effect:
    scene = Scene("r", name, lambda facts: effects.note(name, facts), Services("r", Children()), {})
    return Effect(name, VerbCall("fake", {"subject": "s"}), scene, {}, boot or boot_id())


def test_the_undo_is_written_before_the_do(ledger: Ledger, verb: FakeVerb) -> None:
    effects = Effects(ledger)
    effect = _effect(effects, "a")
    drive(effects.do(effect, None))
    assert verb.story == [("capture", "a", []), ("perform", "a", ["a"])]
    (known,) = ledger.read().effects.values()
    assert known.applied
    assert known.facts == {"captured": True, "noted": True, "performed": True}
    drive(effects.undo(effect, "asked"))
    assert verb.story[-1] == ("undo", "a", ["a!"])
    assert ledger.read().effects == {}
    assert effect.phase is Phase.DONE


def test_everything_is_reverted_last_in_first_out(ledger: Ledger, verb: FakeVerb) -> None:
    effects = Effects(ledger)
    for name in "abc":
        drive(effects.do(_effect(effects, name), None))
    outcome = drive(effects.revert_all("close"))
    assert [name for what, name, _ in verb.story if what == "undo"] == ["c", "b", "a"]
    assert list(outcome.undone) == ["c", "b", "a"]
    assert outcome.dirty == []


def test_one_failure_never_stops_the_rest(ledger: Ledger, verb: FakeVerb) -> None:
    effects = Effects(ledger)
    for name in "abc":
        drive(effects.do(_effect(effects, name), None))
    verb.stuck = {"b"}
    outcome = drive(effects.revert_all("close"))
    assert list(outcome.undone) == ["c", "a"]
    assert outcome.dirty == ["b (fake): stuck"]
    assert list(ledger.read().effects) == ["b"]
    verb.stuck = set()
    assert list(drive(effects.revert_all("again")).undone) == ["b"]
    assert drive(effects.revert_all("once more")).undone == {}


def test_a_refusal_leaves_nothing_to_undo(ledger: Ledger, verb: FakeVerb) -> None:
    effects = Effects(ledger)
    verb.refuse = True
    with pytest.raises(NothingDone):
        drive(effects.do(_effect(effects, "a"), None))
    assert effects.open == []
    assert ledger.read().effects == {}
    assert [what for what, _, _ in verb.story] == ["capture", "perform"]


def test_a_failure_halfway_is_undone_before_it_is_told(ledger: Ledger, verb: FakeVerb) -> None:
    effects = Effects(ledger)
    verb.fail = True
    with pytest.raises(VerbFailed, match="halfway"):
        drive(effects.do(_effect(effects, "a"), None))
    assert [what for what, _, _ in verb.story] == ["capture", "perform", "undo"]
    assert ledger.read().effects == {}


def test_a_failure_that_cannot_be_undone_stays_open(ledger: Ledger, verb: FakeVerb) -> None:
    effects = Effects(ledger)
    verb.fail, verb.stuck = True, {"a"}
    effect = _effect(effects, "a")
    with pytest.raises(VerbFailed, match="failed halfway"):
        drive(effects.do(effect, None))
    assert effects.open == [effect]
    assert effect.trouble == "stuck", "the one is told to whoever asked, the other is kept"
    assert list(ledger.read().effects) == ["a"]


def test_what_nobody_knows_how_to_undo_is_not_waited_for(
    ledger: Ledger, verb: FakeVerb, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects = Effects(ledger)
    effect = _effect(effects, "a")
    drive(effects.do(effect, None))

    def renamed(name: str) -> FakeVerb:
        raise LookupError(f"there is no verb {name!r}")

    monkeypatch.setattr(effects_module, "load_verb", renamed)
    with pytest.raises(LookupError, match="no verb"):
        drive(effects.undo(effect, "asked"))
    assert effect.phase is Phase.HELD, "whoever reverts everything would wait for its undo"
    assert drive(effects.revert_all("replay")).dirty == ["a (fake): there is no verb 'fake'"]


@pytest.fixture
def failing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The sorts of records that the ledger's disk does not take."""
    records: set[str] = set()
    write = ledger.write

    def failing_write(record: Mapping[str, Any]) -> None:
        if record["record"] in records:
            raise OSError(errno.EIO, "the disk is broken")
        write(record)

    monkeypatch.setattr(ledger, "write", failing_write)
    return records


def test_what_cannot_be_written_as_applied_is_undone_at_once(
    ledger: Ledger, verb: FakeVerb, failing: set[str]
) -> None:
    effects = Effects(ledger)
    failing.add("applied")
    with pytest.raises(OSError, match="broken"):
        drive(effects.do(_effect(effects, "a"), 5.0))
    assert [what for what, _, _ in verb.story] == ["capture", "perform", "undo"]
    assert effects.open == []
    assert ledger.read().effects == {}


@pytest.mark.parametrize("refuse", [False, True])
def test_no_effect_waits_for_ever_while_the_disk_takes_nothing(
    ledger: Ledger, verb: FakeVerb, failing: set[str], refuse: bool
) -> None:
    effects = Effects(ledger)
    verb.refuse = refuse
    failing |= {"applied", "done"}
    effect = _effect(effects, "a")
    with pytest.raises(OSError, match="broken"):
        drive(effects.do(effect, 5.0))
    assert effects.open == [effect]
    assert effect.phase is Phase.HELD, "whoever asks for its undo must not wait for its do"
    failing.clear()
    drive(effects.undo(effect, "asked"))
    assert ledger.read().effects == {}


@pytest.mark.parametrize(("survives", "undos"), [(False, 0), (True, 1)])
def test_a_reboot_undoes_what_does_not_survive_it(
    ledger: Ledger, verb: FakeVerb, survives: bool, undos: int
) -> None:
    effects = Effects(ledger)
    verb.survives_reboot = survives
    effects.recall(_effect(effects, "a", boot="another boot"))
    outcome = drive(effects.revert_all("replay"))
    assert outcome.undone == {"a": Undone.DONE if survives else Undone.GONE}
    assert [what for what, _, _ in verb.story] == ["undo"] * undos


def test_a_hold_is_counted_from_the_moment_it_is_held(ledger: Ledger, verb: FakeVerb) -> None:
    effects = Effects(ledger)
    endless, held = _effect(effects, "a"), _effect(effects, "b")
    drive(effects.do(endless, None))
    drive(effects.do(held, 3.0))
    assert endless.until is None
    assert held.until is not None


def test_the_last_undo_is_told_that_the_run_is_leaving(
    ledger: Ledger, verb: FakeVerb, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects = Effects(ledger)
    seen: list[bool] = []

    def undo(scene: Scene, args: Args, facts: Facts) -> Steps[Undone]:
        yield from ()
        seen.append(scene.leaving)
        return Undone.DONE

    monkeypatch.setattr(verb, "undo", undo)
    for name in "ab":
        drive(effects.do(_effect(effects, name), None))
    drive(effects.undo(cast(Any, effects.find("b")), "asked"))
    drive(effects.revert_all("close"))
    assert seen == [False, True]


def test_failpoints_are_inert_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HORMESIS_CRASH_AT", raising=False)
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append((pid, number)))
    Failpoint.from_environment(1).reach("before-intent", "pause")
    assert killed == []
    monkeypatch.setenv("HORMESIS_CRASH_AT", "before-intent:pause:engine")
    point = Failpoint.from_environment(4242)
    point.reach("after-intent", "pause")
    point.reach("before-intent", "kill")
    assert killed == []
    point.reach("before-intent", "pause")
    point.reach("before-intent", "pause")
    assert killed == [(4242, 9)], "it strikes once"
