"""On a full disk no new effect begins, and every effect that began can still be written off."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.case import ROOT

_OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]

_SCRIPT = """
import errno, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from hormesis.record.ledger import Ledger, read_ledger
folder = Path(sys.argv[2])
ledger = Ledger(folder / "ledger")
ledger.start(run="r", boot="b", pointer="/p")
ledger.intend("early", "pause", {}, facts={}, boot="b")
with open(folder / "ballast", "wb", buffering=0) as ballast:
    try:
        while True:
            ballast.write(bytes(4096))
    except OSError as error:
        assert error.errno == errno.ENOSPC
began = 0
try:
    while True:
        ledger.intend(f"late-{began}", "pause", {"x": "y" * 3000}, facts={}, boot="b")
        began += 1
except OSError as error:
    assert error.errno == errno.ENOSPC
assert began > 10, began
for name in ["early", *(f"late-{number}" for number in range(began))]:
    ledger.write({"record": "done", "effect": name, "undone": "done", "because": "asked"})
assert read_ledger(folder / "ledger").effects == {}
"""


@pytest.mark.parametrize("reserving", ["tmpfs"])
def test_a_full_disk_does_not_keep_an_undo_from_the_ledger(tmp_path: Path, reserving: str) -> None:
    if shutil.which("unshare") is None or subprocess.run([*_OWN_MOUNTS, "true"]).returncode:
        pytest.skip("needs unprivileged user namespaces, to mount a small file system")
    mounted = f"mount -t {reserving} -o size=1m none {tmp_path} && exec \"$@\""
    subprocess.run(
        [*_OWN_MOUNTS, "sh", "-c", mounted, "sh",
         sys.executable, "-c", _SCRIPT, str(ROOT / "src"), str(tmp_path)],
        check=True,
    )  # fmt: skip
