"""Session: takes requests from the kernel, each in a thread that is free, and replies.

There are as many threads as requests under way and a few that wait, so that an operation which a
rule delays holds nothing else up.
"""

from __future__ import annotations

import errno
import os
import threading

from hormesis.host.fuse import wire
from hormesis.host.fuse.passing import Passing, error_of
from hormesis.host.fuse.wire import Op, Request

_THREADS_MAX = 512
_IDLE_MAX = 8
_GONE = (errno.ENODEV, errno.EBADF, errno.ENOTCONN)
_TRY_AGAIN = (errno.EINTR, errno.EAGAIN, errno.ENOENT)


class Session:
    """The conversation with the kernel about one volume."""

    def __init__(self, fd: int, passing: Passing) -> None:
        self._fd = fd
        self._passing = passing
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0
        self.over = threading.Event()

    def start(self) -> None:
        """Greet the kernel and begin to serve.

        Raises:
            OSError: the kernel did not greet.
        """
        buffer = bytearray(wire.REQUEST_BYTES_MAX)
        request = self._next(buffer)
        if request is None or request.op != Op.INIT:
            raise OSError(errno.EPROTO, "the kernel did not begin with a greeting")
        _, minor, readahead, flags = wire.INIT_IN.unpack_from(request.body)
        reply = wire.INIT_OUT.pack(
            wire.MAJOR, min(minor, wire.MINOR), min(readahead, wire.READAHEAD_BYTES),
            flags & wire.OFFERED, 64, 48, wire.WRITE_BYTES_MAX, 1, 0, 0, *([0] * 8),
        )  # fmt: skip
        self._reply(request, 0, reply)
        self._hire()

    def forget_cached(self) -> None:
        """Let the kernel drop what it has read before, so that reads come here again."""
        for number in self._passing.nodes.numbers():
            body = wire.INVALIDATE.pack(number, 0, 0)
            header = wire.REPLY.pack(
                wire.REPLY.size + len(body), wire.INVALIDATE_INODE, 0
            )
            try:
                os.writev(self._fd, [header, body])
            except OSError:
                continue  # The kernel does not know it any more.

    def _hire(self) -> None:
        with self._lock:
            if self._threads >= _THREADS_MAX:
                return
            self._threads += 1
            self._idle += 1
        threading.Thread(target=self._work, name="fuse", daemon=True).start()

    def _work(self) -> None:
        buffer = bytearray(wire.REQUEST_BYTES_MAX)
        while (request := self._next(buffer)) is not None:
            with self._lock:
                self._idle -= 1
                short = self._idle == 0
            if short:
                self._hire()
            self._serve(request)
            with self._lock:
                self._idle += 1
                if self._idle > _IDLE_MAX:
                    self._idle -= 1
                    self._threads -= 1
                    return
        self.over.set()

    def _next(self, buffer: bytearray) -> Request | None:
        """Return the next request, or None when the volume is unmounted."""
        while True:
            try:
                size = os.readv(self._fd, [buffer])
            except OSError as error:
                if error.errno in _TRY_AGAIN:
                    continue
                if error.errno in _GONE:
                    return None
                raise
            if size == 0:
                return None
            return wire.request_in(memoryview(buffer)[:size])

    def _serve(self, request: Request) -> None:
        if request.op in (Op.FORGET, Op.BATCH_FORGET):
            self._passing.forget(request)
            return
        answer = self._passing.answers.get(request.op)
        if answer is None:
            # Without an answer to an interrupt the kernel stops sending them.
            number = 0 if request.op == Op.DESTROY else errno.ENOSYS
            self._reply(request, number, b"")
            return
        try:
            body = answer(request)
        except Exception as failure:  # noqa: BLE001  (the kernel must have an answer)
            self._reply(request, error_of(failure), b"")
        else:
            self._reply(request, 0, body)

    def _reply(self, request: Request, number: int, body: bytes) -> None:
        header = wire.REPLY.pack(wire.REPLY.size + len(body), -number, request.unique)
        try:
            os.writev(self._fd, [header, body])
        except OSError as error:
            if error.errno not in (*_TRY_AGAIN, *_GONE):
                raise
