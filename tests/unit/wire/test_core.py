"""The compiled wire is in use where it was built from this very source; nobody has to ask."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from hormesis.wire import core, meter, poller
from tests.unit.wire.makes import COMPILED, NOT_BUILT


def test_the_one_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HORMESIS_PURE", "1")
    try:
        pure = importlib.reload(core)
        assert (pure.COMPILED, pure.Wire, pure.Meter) == (False, poller.Wire, meter.Meter)
        monkeypatch.setenv("HORMESIS_PURE", "0")
        assert importlib.reload(core).COMPILED is (COMPILED is not None)
    finally:
        monkeypatch.undo()
        importlib.reload(core)


@NOT_BUILT
def test_what_was_built_is_not_older_than_its_source() -> None:
    module = importlib.import_module("hormesis.wire._compiled")
    built = Path(str(module.__file__))
    sources = [one for ending in ("*.c", "*.h") for one in built.parent.glob(ending)]
    assert sources
    old = [one.name for one in sources if one.stat().st_mtime > built.stat().st_mtime]
    assert not old, f"changed since it was built: {old}; pip install --no-deps -e ."
