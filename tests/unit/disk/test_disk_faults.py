from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.faults.disk_full import DiskFull
from hormesis.faults.inodes import Inodes
from hormesis.faults.io_error import IoError
from hormesis.faults.io_slow import IoSlow
from hormesis.faults.read_only import ReadOnly
from hormesis.words.fault import Fault, Measure, NoWay, chosen
from hormesis.words.look import EffectLook, LinkLook
from hormesis.words.target import Target
from hormesis.words.verb import VerbCall

MEMORY = Target("disk", volume="data", path="/v/data")
FUSE = Target("disk", volume="data", path="/v/data", fuse="/v/data.sock")
FOLDER = Target("disk", path="/srv")
PROCESS = Target("server", service="server")
BOTH = Target("server", service="server", path="/srv")


def made(kind: type[Fault], target: Target, **given: Any) -> tuple[Fault, VerbCall]:
    """Return the fault with its mechanism chosen, and its one call."""
    fault = chosen(kind.model_validate(given), target, {})
    (call,) = fault.verbs(target, Random(1))
    assert json.loads(json.dumps(call.args)) == call.args
    return fault, call


@pytest.mark.parametrize(
    ("kind", "given", "target", "by"),
    [
        (DiskFull, {}, FUSE, "fuse"),
        (DiskFull, {"left": "1MB"}, FUSE, "ballast"),
        (DiskFull, {}, MEMORY, "ballast"),
        (Inodes, {}, FUSE, "fuse"),
        (Inodes, {"left": 3}, FUSE, "ballast"),
        (Inodes, {}, FOLDER, "ballast"),
        (ReadOnly, {}, FUSE, "fuse"),
        (ReadOnly, {}, MEMORY, "remount"),
        (ReadOnly, {}, PROCESS, "strace"),
        (IoError, {}, FUSE, "fuse"),
        (IoError, {}, PROCESS, "strace"),
        (IoSlow, {"delay": "1s"}, FUSE, "fuse"),
        (IoSlow, {"delay": "1s"}, BOTH, "strace"),
    ],
)
def test_the_target_decides_how_it_is_done(
    kind: type[Fault], given: dict[str, Any], target: Target, by: str
) -> None:
    fault, call = made(kind, target, **given)
    assert fault.by == by
    verbs = {"fuse": "toxic", "ballast": "ballast", "remount": "remount", "strace": "holder"}
    assert call.verb == verbs[by]
    look = LinkLook("data", control="/v/data.sock") if by == "fuse" else EffectLook()
    assert fault.look(target) == look


def test_what_is_missing_is_told() -> None:
    with pytest.raises(NoWay, match="by strace: strace: it is not installed") as caught:
        chosen(IoError(), PROCESS, {"strace": "it is not installed"})
    assert caught.value.lacking
    with pytest.raises(NoWay, match="the target has no path"):
        chosen(DiskFull(), PROCESS, {})


def test_a_rule_goes_to_the_volume_and_not_to_the_proxy() -> None:
    _, call = made(IoError, FUSE, operations=["fsync"], files="*.wal", share="25%")
    assert (call.args["subject"], call.args["control"]) == ("data", "/v/data.sock")
    assert call.args["attributes"] == {
        "operations": ["fsync"], "match": "*.wal", "share": 0.25, "errno": "EIO",
    }  # fmt: skip


def test_strace_is_given_the_folder_and_the_process() -> None:
    _, call = made(IoSlow, BOTH, delay="50ms", operations=["write"])
    assert (call.args["process"], call.args["program"]) == ("server", "strace_io")
    config = call.args["config"]
    assert (config["path"], config["delay_s"], config["operations"]) == ("/srv", 0.05, ["write"])


def test_ballast_bites_when_little_is_free_and_a_write_fails() -> None:
    fault, call = made(DiskFull, FOLDER, left="1MB", floor="1MB")
    assert (call.args["left"], call.args["floor"], call.args["what"]) == (10**6, 10**6, "bytes")
    held = {
        "filled": True, "free": 10**6 + 4096, "free_before": 10**9, "block": 4096,
        "wrote": "ENOSPC",
    }  # fmt: skip
    assert fault.hurts({}, held) == (
        "1,004,096 of 1,000,000,000 free bytes are left; a write of more fails with ENOSPC"
    )
    assert fault.hurts({}, {**held, "free": 10**8}) == ""
    nothing, _ = made(DiskFull, MEMORY)
    full = {**held, "free": 0}
    assert nothing.hurts({}, full) and not nothing.hurts({}, {**full, "wrote": "ok"})
    assert fault.hurts({}, {}) == "" == fault.hurts({}, {"error": "gone"})
    assert fault.measured({}, held) == Measure(10**6, 10**6 + 4096, "B free")
    assert fault.healed({}, held) == "" == fault.healed({}, {**held, "filled": False})
    assert fault.healed({}, {**held, "wrote": "ok", "filled": False})


def test_a_large_rest_is_proven_by_its_size_alone() -> None:
    fault, _ = made(DiskFull, FOLDER, left="2GiB")
    held = {"filled": True, "free": 2**31, "free_before": 2**35, "block": 4096, "wrote": ""}
    assert "write" not in fault.hurts({}, held) != ""
    assert fault.healed({}, held) == ""
    assert fault.healed({}, {**held, "free": 2**35, "filled": False})


def test_inodes_bite_when_no_file_can_be_made() -> None:
    fault, call = made(Inodes, MEMORY)
    assert (call.args["what"], call.args["floor"]) == ("files", None)
    held = {"filled": True, "files_free": 0, "files_free_before": 500, "made": "ENOSPC"}
    assert fault.hurts({}, held) == "0 of 500 free inodes are left; a new one fails with ENOSPC"
    assert fault.hurts({}, {**held, "made": "ok"}) == "" == fault.hurts({}, {})
    assert fault.measured({}, held) == Measure(0, 0, "inodes free")
    assert fault.healed({}, {**held, "made": "ok", "filled": False})
    assert not fault.healed({}, held) and not fault.healed({}, {**held, "filled": False})


def test_rules_bite_when_they_were_hit() -> None:
    now = {"active": True, "hits": 3, "seen": 6, "delay_ms_mean": 0.0}
    for kind in (DiskFull, Inodes, ReadOnly, IoError):
        fault, _ = made(kind, FUSE)
        assert fault.hurts({}, now).startswith("3 ")
        assert fault.hurts({}, {**now, "hits": 0}) == ""
        assert fault.healed({}, {**now, "active": False}) and not fault.healed({}, now)
    fault, _ = made(IoError, FUSE, share="50%")
    assert fault.measured({}, now) == Measure(50, 50, "%")


def test_slowness_bites_when_it_is_about_what_was_asked() -> None:
    fault, _ = made(IoSlow, FUSE, delay="100ms")
    now = {"active": True, "hits": 4, "seen": 4, "delay_ms_mean": 101.0}
    assert fault.hurts({}, now) == "added 101 ms to 4 operations (asked 100 ms)"
    assert fault.hurts({}, {**now, "delay_ms_mean": 30.0}) == ""
    assert fault.measured({}, now) == Measure(100, 101.0, "ms")
    by_strace, _ = made(IoSlow, PROCESS, delay="100ms")
    assert by_strace.healed({}, {**now, "ended": True}) and not by_strace.healed({}, now)


def test_read_only_bites_when_a_real_write_fails() -> None:
    fault, _ = made(ReadOnly, MEMORY)
    assert fault.hurts({}, {"read_only": True, "wrote": "EROFS"})
    assert fault.hurts({}, {"read_only": True, "wrote": "ok"}) == ""
    assert fault.healed({}, {"read_only": False, "wrote": "ok"})
    assert fault.healed({}, {"read_only": True, "wrote": "EROFS"}) == ""


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (IoError, {"operations": []}),
        (IoError, {"operations": ["wander"]}),
        (IoError, {"error": "ETIRED"}),
        (IoError, {"share": "0%"}),
        (IoSlow, {}),
        (IoSlow, {"delay": "0s"}),
        (Inodes, {"left": -1}),
        (DiskFull, {"left": 5}),
    ],
)
def test_nonsense_is_refused(kind: type[Fault], given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(given)
