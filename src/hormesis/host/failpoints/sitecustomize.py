"""Run inside a Python service that is to fail at a call of one of its functions.

The environment variable ``HORMESIS_FAILPOINT`` is a JSON object: ``module``, ``function`` (dotted
within the module), ``nth``, ``action`` (kill, raise, sleep), ``error`` and ``message`` of what is
raised, ``delay_s``, ``repeat`` and ``report``, a file that gets one JSON line for each strike. The
service's own ``sitecustomize`` is imported as if this one did not exist.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

VARIABLE = "HORMESIS_FAILPOINT"


class Failpoint:
    """Counts the calls of one function and strikes at the n-th."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self._calls = itertools.count(1)
        self._report = -1
        # Another user's service cannot report; what it suffers is seen from outside.
        with contextlib.suppress(KeyError, OSError):
            self._report = os.open(spec["report"], os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def arm(self, module: ModuleType) -> None:
        """Put ourselves in place of the function."""
        *path, name = self.spec["function"].split(".")
        try:
            owner: Any = functools.reduce(getattr, path, module)
            found = inspect.getattr_static(owner, name)
        except AttributeError:
            self.tell(error=f"module {module.__name__} has no {self.spec['function']}")
            return
        bare = isinstance(found, (staticmethod, classmethod))
        wrapped = self._around(found.__func__ if bare else found)
        setattr(owner, name, type(found)(wrapped) if bare else wrapped)
        self.tell(armed=True)

    def tell(self, **facts: Any) -> None:
        """Write one line of report."""
        if self._report >= 0:
            line = json.dumps({"pid": os.getpid(), **facts}) + "\n"
            try:
                os.write(self._report, line.encode())
            except OSError:
                self._report = -1

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def waiting(*args: Any, **options: Any) -> Any:
                if delay_s := self._strike():
                    # Not imported here: a service may run on another loop than asyncio's.
                    await sys.modules["asyncio"].sleep(delay_s)
                return await function(*args, **options)

            return waiting

        @functools.wraps(function)
        def calling(*args: Any, **options: Any) -> Any:
            if delay_s := self._strike():
                threading.Event().wait(delay_s)
            return function(*args, **options)

        return calling

    def _strike(self) -> float:
        """Count a call; return how long to sleep, raise, or die."""
        number, nth = next(self._calls), int(self.spec["nth"])
        if number < nth or (number > nth and not self.spec.get("repeat")):
            return 0.0
        self.tell(call=number)
        if self.spec["action"] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.spec["action"] == "raise":
            raise _error(self.spec.get("error", ""))(self.spec.get("message") or "injected fault")
        return float(self.spec.get("delay_s") or 0)


def _error(name: str) -> type[Exception]:
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else RuntimeError


class Finder(importlib.abc.MetaPathFinder):
    """Lets everybody else find the module, and arms it once it has been executed."""

    def __init__(self, failpoint: Failpoint) -> None:
        self._failpoint = failpoint

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """Return the module's own spec, with an execution that ends by arming it."""
        if fullname != self._failpoint.spec["module"]:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            sys.meta_path.insert(0, self)
            return None
        execute = spec.loader.exec_module

        def execute_and_arm(module: ModuleType) -> None:
            execute(module)
            self._failpoint.arm(module)

        spec.loader.exec_module = execute_and_arm  # type: ignore[method-assign]
        return spec


def _arm() -> None:
    text = os.environ.get(VARIABLE)
    if not text:
        return
    failpoint = Failpoint(json.loads(text))
    loaded = sys.modules.get(failpoint.spec["module"])
    if loaded is not None:
        failpoint.arm(loaded)
    else:
        sys.meta_path.insert(0, Finder(failpoint))


def _import_the_other() -> None:
    """Import the ``sitecustomize`` that the service would have had without us."""
    here = os.path.dirname(os.path.abspath(__file__))
    ours = sys.modules.pop("sitecustomize", None)
    path = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        other = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = other
        spec.loader.exec_module(other)
    elif ours is not None:
        # The import under way looks for the name when it ends.
        sys.modules["sitecustomize"] = ours


if __name__ == "sitecustomize":
    _arm()
    _import_the_other()
