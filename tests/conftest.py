"""What holds for every test: an own state directory, no user settings, markers by folder."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The machine's load must not decide whether a property holds.
settings.register_profile("hormesis", deadline=None, print_blob=True)
settings.load_profile("hormesis")

MARKED_FOLDERS = ("integration", "crash")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of a folder with the folder's name."""
    for item in items:
        for folder in MARKED_FOLDERS:
            if folder in item.path.parts:
                item.add_marker(folder)


@pytest.fixture(scope="session", autouse=True)
def own_state_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests' open runs apart from those of the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HORMESIS_STATE", str(tmp_path_factory.mktemp("state")))
        patch.delenv("CANARY", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def interrupts_arrive() -> None:
    """Let children be interrupted: a shell leaves SIGINT ignored in what it runs behind itself."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
