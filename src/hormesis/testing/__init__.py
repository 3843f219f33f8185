"""What chaos tests import: ``from hormesis.testing import race, unique, ChaosInjector``.

Nothing is loaded before it is asked for. The fixtures come by themselves, from the pytest plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hormesis.testing.claims import (
        bank_total,
        counter,
        exactly_once,
        monotonic,
        never_lost,
        queue,
        set_of,
        unique,
    )
    from hormesis.testing.deadlock import DeadlockSetup
    from hormesis.testing.injector.injector import ChaosInjector
    from hormesis.testing.judged_failure import JudgedFailure
    from hormesis.testing.load_generator import LoadGenerator
    from hormesis.testing.monitor.transaction_monitor import TransactionMonitor
    from hormesis.testing.nemesis.nemesis import Nemesis
    from hormesis.testing.racing import (
        AsyncWorker,
        ClaimsBroken,
        Race,
        RaceResult,
        RaceTimeout,
        Worker,
        race,
        race_async,
    )
    from hormesis.testing.schemas import IsolatedSchema
    from hormesis.testing.temp_tables import TempTable
    from hormesis.testing.troubles import (
        CapabilityTrouble,
        DirtyTrouble,
        EndedEarly,
        InputTrouble,
        NeverEntered,
        NoBite,
        NotDone,
        NotReady,
        NotUndone,
        RunEnded,
        SkipTrouble,
        Trouble,
        UsageTrouble,
    )
    from hormesis.testing.waiting import wait_until, wait_until_async

_HOMES = {
    "hormesis.testing.claims": (
        "bank_total", "counter", "exactly_once", "monotonic", "never_lost", "queue", "set_of",
        "unique",
    ),
    "hormesis.testing.deadlock": ("DeadlockSetup",),
    "hormesis.testing.injector.injector": ("ChaosInjector",),
    "hormesis.testing.judged_failure": ("JudgedFailure",),
    "hormesis.testing.load_generator": ("LoadGenerator",),
    "hormesis.testing.monitor.transaction_monitor": ("TransactionMonitor",),
    "hormesis.testing.nemesis.nemesis": ("Nemesis",),
    "hormesis.testing.racing": (
        "AsyncWorker", "ClaimsBroken", "Race", "RaceResult", "RaceTimeout", "Worker", "race",
        "race_async",
    ),
    "hormesis.testing.schemas": ("IsolatedSchema",),
    "hormesis.testing.temp_tables": ("TempTable",),
    "hormesis.testing.waiting": ("wait_until", "wait_until_async"),
    "hormesis.testing.troubles": (
        "CapabilityTrouble", "DirtyTrouble", "EndedEarly", "InputTrouble", "NeverEntered",
        "NoBite", "NotDone", "NotReady", "NotUndone", "RunEnded", "SkipTrouble", "Trouble",
        "UsageTrouble",
    ),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AsyncWorker",
    "CapabilityTrouble",
    "ChaosInjector",
    "ClaimsBroken",
    "DeadlockSetup",
    "DirtyTrouble",
    "EndedEarly",
    "InputTrouble",
    "IsolatedSchema",
    "JudgedFailure",
    "LoadGenerator",
    "Nemesis",
    "NeverEntered",
    "NoBite",
    "NotDone",
    "NotReady",
    "NotUndone",
    "Race",
    "RaceResult",
    "RaceTimeout",
    "RunEnded",
    "SkipTrouble",
    "TempTable",
    "TransactionMonitor",
    "Trouble",
    "UsageTrouble",
    "Worker",
    "bank_total",
    "counter",
    "exactly_once",
    "monotonic",
    "never_lost",
    "queue",
    "race",
    "race_async",
    "set_of",
    "unique",
    "wait_until",
    "wait_until_async",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_HOME_OF[name]), name)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "hormesis":
            raise
        raise ImportError(
            f"{name} needs {missing.name}: pip install 'hormesis[pytest]'"
        ) from missing


def __dir__() -> list[str]:
    return __all__
