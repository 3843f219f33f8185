"""Wire loop: asyncio's event loop, with a selector that serves the proxied sockets itself.

asyncio wraps every readiness of every socket in a handle, queues it and runs it in a context: more
work than passing a small message on takes. Here the selector calls a proxied socket's function
straight from the epoll result and goes back to waiting. It returns to asyncio as soon as anything
else is ready, due or newly scheduled, so tasks, timers and streams go on as in any loop.

Being woken costs more than a small message does, on virtual machines many times more. So while
messages follow each other closely the selector looks again, for a moment, before it sleeps; it
gives the core to whoever else wants it meanwhile, and sleeps at once when messages are rarer.

On any other loop :func:`poller_of` answers with a poller that goes through asyncio: slower, alike.
"""

from __future__ import annotations

import asyncio
import os
import select
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import Context
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector, SelectorKey
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

READ: int = select.EPOLLIN
WRITE: int = select.EPOLLOUT

KEEN_S = 0.0001
"""Seconds a wait may have lasted for the next one to begin awake, and to stay so at most."""

Ready = Callable[[int], None]
"""Is told what its socket is ready for: epoll's bits, errors and hang-ups among them."""
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Poller(Protocol):
    """Watches proxied sockets. A callback may be told of a readiness that is over already."""

    def watch(self, fd: int, mask: int, ready: Ready) -> None:
        """Call *ready* whenever *fd* is ready for what *mask* asks; 0 stops watching it."""
        ...


class WireSelector(BaseSelector):
    """An epoll selector for asyncio which serves watched sockets without returning."""

    def __init__(self) -> None:
        self.scheduled = False
        """Set by the loop when it has got something to do besides what it waits for."""
        self.broken: Callable[[Exception], None] | None = None
        """Told when a watched socket's function raises."""
        self._epoll = select.epoll()
        self._keen = False
        self._keen_s = KEEN_S if (os.cpu_count() or 1) > 1 else 0.0
        self._keys: dict[FileDescriptorLike, SelectorKey] = {}
        self._watched: dict[int, Ready] = {}

    def watch(self, fd: int, mask: int, ready: Ready) -> None:
        """Watch a proxied socket; see :class:`Poller`."""
        if not mask:
            # A socket left in epoll with an empty mask still reports hang-ups, for ever.
            if self._watched.pop(fd, None) is not None:
                self._epoll.unregister(fd)
        elif fd in self._watched:
            self._epoll.modify(fd, mask)
            self._watched[fd] = ready
        else:
            self._epoll.register(fd, mask)
            self._watched[fd] = ready

    def register(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> SelectorKey:
        """Register one of asyncio's own files."""
        fd = _fd_of(fileobj)
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} (FD {fd}) is already registered")
        self._epoll.register(fd, _mask_of(events))
        key = self._keys[fd] = SelectorKey(fileobj, fd, events, data)
        return key

    def unregister(self, fileobj: FileDescriptorLike) -> SelectorKey:
        """Forget one of asyncio's own files."""
        key = self._keys.pop(_fd_of(fileobj))
        with suppress(OSError):  # Closed before: then epoll has forgotten it by itself.
            self._epoll.unregister(key.fd)
        return key

    def modify(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> SelectorKey:
        """Change what one of asyncio's own files is watched for."""
        old = self._keys[_fd_of(fileobj)]
        if events != old.events:
            self._epoll.modify(old.fd, _mask_of(events))
        key = self._keys[old.fd] = SelectorKey(fileobj, old.fd, events, data)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Serve watched sockets until one of asyncio's files is ready or *timeout* is over."""
        watched, keys = self._watched, self._keys
        ends = None if timeout is None else time.monotonic() + timeout
        self._keen = False
        found: list[tuple[SelectorKey, int]] = []
        self.scheduled = False
        while True:
            events = self._wait(timeout)
            for fd, event in events:
                if (ready := watched.get(fd)) is not None:
                    try:
                        ready(event)
                    except Exception as trouble:  # noqa: BLE001  One socket must not end the loop.
                        self._tell(trouble)
                elif (key := keys.get(fd)) is not None:
                    # As asyncio expects it: an error or a hang-up is both readable and writable.
                    bits = (EVENT_WRITE if event & ~READ else 0) | (
                        EVENT_READ if event & ~WRITE else 0
                    )
                    if bits & key.events:
                        found.append((key, bits & key.events))
            if found or not events or self.scheduled:
                return found
            if ends is not None:
                timeout = ends - time.monotonic()
                if timeout <= 0:
                    return found

    def close(self) -> None:
        """Close the epoll."""
        self._epoll.close()
        self._keys.clear()
        self._watched.clear()

    def get_map(self) -> Mapping[FileDescriptorLike, SelectorKey]:
        """Return asyncio's own files by descriptor."""
        return self._keys

    def get_key(self, fileobj: FileDescriptorLike) -> SelectorKey:
        """Return the key of one of asyncio's own files."""
        return self._keys[_fd_of(fileobj)]

    def _wait(self, timeout: float | None) -> list[tuple[int, int]]:
        poll, clock = self._epoll.poll, time.monotonic
        began = clock()
        if self._keen:
            keen_until = began + (
                self._keen_s if timeout is None else min(self._keen_s, timeout)
            )
            while (now := clock()) < keen_until:
                if events := poll(0):
                    return events
                os.sched_yield()
            if timeout is not None:
                timeout = max(0.0, timeout - (now - began))
            began = now
        events = poll(timeout)
        self._keen = clock() - began < self._keen_s
        return events

    def _tell(self, trouble: Exception) -> None:
        if self.broken is not None:
            self.broken(trouble)


class WireLoop(asyncio.SelectorEventLoop):
    """The loop on a :class:`WireSelector`; ``poller`` watches the proxied sockets."""

    def __init__(self) -> None:
        self.poller = WireSelector()
        super().__init__(self.poller)
        self.poller.broken = self._broken

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Schedule *callback*, and let the selector return for it."""
        self.poller.scheduled = True
        return super().call_soon(callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Schedule *callback*, and let the selector return: it may be due before all else."""
        self.poller.scheduled = True
        return super().call_at(when, callback, *args, context=context)

    def _broken(self, trouble: Exception) -> None:
        self.call_exception_handler({"message": "a proxied socket broke", "exception": trouble})


class LoopPoller:
    """A poller on any loop, through asyncio's readers and writers."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def watch(self, fd: int, mask: int, ready: Ready) -> None:
        """Watch a proxied socket; see :class:`Poller`."""
        if mask & READ:
            self._loop.add_reader(fd, ready, READ)
        else:
            self._loop.remove_reader(fd)
        if mask & WRITE:
            self._loop.add_writer(fd, ready, WRITE)
        else:
            self._loop.remove_writer(fd)


def poller_of(loop: asyncio.AbstractEventLoop) -> Poller:
    """Return what watches proxied sockets on *loop*."""
    return loop.poller if isinstance(loop, WireLoop) else LoopPoller(loop)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run *main* on a wire loop, like ``asyncio.run``."""
    with asyncio.Runner(loop_factory=WireLoop) as runner:
        return runner.run(main)


def _fd_of(fileobj: FileDescriptorLike) -> int:
    return fileobj if isinstance(fileobj, int) else fileobj.fileno()


def _mask_of(events: int) -> int:
    return (READ if events & EVENT_READ else 0) | (WRITE if events & EVENT_WRITE else 0)
