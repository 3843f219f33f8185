"""The troubles of a connection under load, with the moments that a record needs."""

from __future__ import annotations

from hormesis.host.http_trouble import HttpDisconnected, HttpGarbled, HttpTimeout, HttpTrouble

GARBLED = "not an HTTP/1.1 answer: "
NOT_IN_TIME = "no whole answer in time"
NOT_OPEN = "the connection was closed"


def timed(trouble: HttpTrouble, sent_ns: int, ended_ns: int) -> HttpTrouble:
    """Return *trouble* with its moments, in nanoseconds of the run."""
    trouble.sent_ns = sent_ns
    trouble.ended_ns = ended_ns
    return trouble


def late(sent_ns: int, ended_ns: int) -> HttpTrouble:
    """Return the trouble of an answer that was not whole in time."""
    return timed(HttpTimeout(NOT_IN_TIME, sent=True), sent_ns, ended_ns)


def garbled(why: str, sent_ns: int, ended_ns: int) -> HttpTrouble:
    """Return the trouble of an answer that breaks the protocol; *why* says how."""
    return timed(HttpGarbled(GARBLED + why, sent=True), sent_ns, ended_ns)


def disconnected(why: str, sent: bool, stale: bool, sent_ns: int, ended_ns: int) -> HttpTrouble:
    """Return the trouble of a connection that ended before the answer did."""
    message = f"connection ended: {why}"
    return timed(HttpDisconnected(message, sent=sent, stale=stale), sent_ns, ended_ns)
