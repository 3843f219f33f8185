"""The ledger survives being torn anywhere, and says what is open."""

from __future__ import annotations

import ctypes
import errno
import json
import os
from pathlib import Path

import pytest

from hormesis.record.ledger import Ledger, LedgerBusy, open_effects, parse_ledger, read_ledger


def _story(path: Path) -> bytes:
    ledger = Ledger(path)
    ledger.start(run="r", boot="b", pointer="/p")
    for name in ("first", "second"):
        ledger.intend(name, "pause", {"subject": "Grüße"}, facts={"a": 1}, boot="b")
        ledger.write({"record": "note", "effect": name, "facts": {"b": 2}})
        ledger.write({"record": "applied", "effect": name, "facts": {"c": 3}})
    ledger.write({"record": "done", "effect": "second", "undone": "done", "because": "asked"})
    ledger.close()
    return path.read_bytes()


def test_open_effects_hold_all_that_was_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    _story(path)
    (effect,) = open_effects(path)
    assert (effect.effect, effect.verb, effect.applied) == ("first", "pause", True)
    assert effect.args == {"subject": "Grüße"}
    assert effect.facts == {"a": 1, "b": 2, "c": 3}


def test_a_ledger_torn_at_any_byte_says_what_its_whole_lines_say(tmp_path: Path) -> None:
    data = _story(tmp_path / "ledger")
    for cut in range(len(data) + 1):
        whole = data[: data.rfind(b"\n", 0, cut) + 1]
        # A line that lacks only its line end is whole as well: it was written to its last byte.
        if data[cut : cut + 1] == b"\n":
            whole = data[: cut + 1]
        torn, clean = parse_ledger(data[:cut]), parse_ledger(whole)
        assert torn.effects == clean.effects, cut
        assert (torn.header, torn.closed) == (clean.header, clean.closed), cut
        assert torn.torn <= 1 and clean.torn == 0


def test_writing_goes_on_behind_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    data = _story(path)
    for cut in range(data.index(b'{"record":"note"') + 1, len(data), 7):
        path.write_bytes(data[:cut])
        before = parse_ledger(data[:cut]).effects
        ledger = Ledger(path)
        ledger.write({"record": "done", "effect": "first", "undone": "gone", "because": "replay"})
        ledger.close()
        after = read_ledger(path).effects
        assert before.keys() - after.keys() == {"first"}, cut
        assert after.keys() <= before.keys(), cut


def test_zeros_that_a_crash_of_the_machine_left_are_passed_over(tmp_path: Path) -> None:
    data = _story(tmp_path / "ledger")
    assert parse_ledger(data + b"\0" * 64).effects.keys() == {"first"}


def test_a_ledger_has_one_holder(tmp_path: Path) -> None:
    held = Ledger(tmp_path / "ledger")
    with pytest.raises(LedgerBusy):
        Ledger(tmp_path / "ledger")
    held.close()
    Ledger(tmp_path / "ledger").close()


def test_space_is_reserved_ahead_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    ledger = Ledger(path)
    ledger.start(run="r", boot="b", pointer="/p")
    reserved = os.stat(path).st_blocks * 512
    assert os.stat(path).st_size < 4096, "the reservation must not show as content"
    ledger.close()
    if reserved == os.stat(path).st_blocks * 512:
        pytest.skip("this file system cannot reserve space beyond the end of a file")
    assert reserved >= 1 << 18


def test_an_effect_is_refused_when_its_end_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.start(run="r", boot="b", pointer="/p")
    monkeypatch.setattr(ledger, "_fallocate", _no_space)
    ledger.intend("small", "pause", {}, facts={}, boot="b")
    with pytest.raises(OSError, match="ledger"):
        for number in range(200):
            ledger.intend(f"big-{number}", "pause", {"x": "y" * 4000}, facts={}, boot="b")
    ledger.write({"record": "done", "effect": "small", "undone": "done", "because": "asked"})
    ledger.close()
    assert "small" not in read_ledger(tmp_path / "ledger").effects


def _no_space(*arguments: object) -> int:
    ctypes.set_errno(errno.ENOSPC)
    return -1


def test_records_are_single_lines(tmp_path: Path) -> None:
    for line in _story(tmp_path / "ledger").splitlines():
        assert isinstance(json.loads(line), dict)


def test_a_closed_ledger_loses_its_passwords_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    ledger = Ledger(path)
    ledger.start(run="r", boot="b", pointer="/p")
    for dsn in ("postgresql://u:s3cret@h/d", "host=h password='s3 cret'"):
        ledger.intend("one", "x", {"to": [{"dsn": dsn}], "n": 1}, facts={"dsn": dsn}, boot="b")
    ledger.write({"record": "closed", "because": "close"})
    before = path.read_bytes()
    ledger.hide_passwords()
    ledger.write({"record": "note", "effect": "x", "facts": {}})
    ledger.close()
    after = path.read_bytes()
    assert b"s3" in before and b"s3" not in after and b"cret" not in after
    assert parse_ledger(after).closed and parse_ledger(after).torn == 0
    kinds = [json.loads(line)["record"] for line in after.splitlines()]
    assert kinds == ["open", "intent", "intent", "closed", "note"]
    assert read_ledger(path).effects["one"].args == {"to": [{"dsn": "host=h password=***"}], "n": 1}
