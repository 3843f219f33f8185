"""A volume that what is behind it can never hold is refused before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.compose import preparing
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.host.room import Backing
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import InputTrouble


@pytest.mark.parametrize(("size", "fits"), [("64MB", True), ("65MB", False)])
def test_a_volume_must_fit_its_backing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str, fits: bool
) -> None:
    monkeypatch.setattr(preparing, "backing_of", lambda sort, folder: Backing(64_000_000, "tiny"))
    file = tmp_path / "experiment.yaml"
    file.write_text(
        f"title: T\nsystem: {{volumes: {{data: {{kind: loop, size: {size}}}}}}}\n"
        "tracks: [{probe: command, run: ['true'], name: p}]\n"
        "checks: [{sometimes: p}]\n"
    )
    request = RunRequest(file=file, out=tmp_path, overrides={}, environment={})
    if fits:
        assert prepare(request).experiment.volumes[0].size_bytes == 64_000_000
        return
    told = "at most 64000000 bytes, tiny, found 65000000"
    with pytest.raises(InputTrouble, match=told) as caught:
        prepare(request)
    assert caught.value.code is ExitCode.BAD_INPUT
