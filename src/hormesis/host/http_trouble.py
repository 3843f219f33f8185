"""What can go wrong with one HTTP request, and whether the server can have seen it."""

from __future__ import annotations

import errno
import socket
import ssl


class HttpTrouble(Exception):
    """A request that got no answer.

    ``word`` is short and stable, for records. ``sent`` is False when the request definitely never
    left this process, so that it definitely did not happen. ``sent_ns`` and ``ended_ns`` are
    nanoseconds of the run, set where somebody records them.
    """

    word = "failed"
    sent_ns = 0
    ended_ns = 0

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class HttpRefused(HttpTrouble, ConnectionRefusedError):
    """Nobody listens there."""

    word = "refused"


class HttpTimeout(HttpTrouble, TimeoutError):
    """No whole answer within the time allowed; ``connect-timeout``: not even a connection."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message, sent=sent)
        self.word = "timeout" if sent else "connect-timeout"


class HttpDisconnected(HttpTrouble, ConnectionResetError):
    """The connection ended before the answer did.

    ``stale`` is True when it was closed before any byte of an answer came, in good order or, if it
    has carried an answer before, by a reset: so does a server to a connection that it found idle.
    """

    word = "disconnected"

    def __init__(self, message: str, *, sent: bool, stale: bool = False) -> None:
        super().__init__(message, sent=sent)
        self.stale = stale


class HttpUnreachable(HttpTrouble, OSError):
    """No connection could be made, for another reason than a refusal."""

    def __init__(self, message: str, *, word: str) -> None:
        super().__init__(message, sent=False)
        self.word = word


class HttpGarbled(HttpTrouble, ValueError):
    """What came back is not an HTTP/1.1 answer, or is larger than allowed."""

    word = "bad-http"


def trouble_of(error: OSError, where: str) -> HttpTrouble:
    """Return the trouble that stands for *error* while connecting to *where*."""
    message = f"{where}: {error.strerror or error}"
    if isinstance(error, ConnectionRefusedError):
        return HttpRefused(message, sent=False)
    if isinstance(error, TimeoutError):
        return HttpTimeout(f"{where}: no connection in time", sent=False)
    if isinstance(error, ConnectionError):
        return HttpDisconnected(message, sent=False)
    if isinstance(error, socket.gaierror):
        return HttpUnreachable(message, word="unresolved")
    if isinstance(error, ssl.SSLError):
        return HttpUnreachable(message, word="tls")
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return HttpUnreachable(message, word="unreachable")
    return HttpUnreachable(message, word=errno.errorcode.get(error.errno or 0, "failed").lower())
