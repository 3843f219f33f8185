"""Connecting to a server that may just be coming back; and connections of our own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

from hormesis.words.shown_address import is_readable, shown_address
from hormesis.words.trouble import CapabilityTrouble

T = TypeVar("T")
PATIENCE_S = 15.0
CONNECT_WITHIN_S = 10
_PAUSE_S = 0.02
NOT_YET = ("57P03", "57P01", "57P02", None)
"""Starting up, shutting down, crashed, or nothing that could answer yet."""


def connected(url: str, application: str, *, patience_s: float = 0.0) -> psycopg.Connection:
    """Return a connection of our own: in autocommit, and bearing *application* as its name.

    With ``patience_s`` a server that is not there, or not ready, is waited for that many seconds.

    Raises:
        CapabilityTrouble: there is no such server, or it does not let us in.
    """
    try:
        connection = patiently(
            lambda: psycopg.connect(
                url,
                application_name=application,
                autocommit=True,
                connect_timeout=CONNECT_WITHIN_S,
            ),
            patience_s,
        )
    except psycopg.OperationalError as error:
        raise CapabilityTrouble(
            f"no connection to {shown_address(url)}: {_told(url, error)}",
            hint="name a running server with --chaos-database, or leave it out for an embedded one",
        ) from None
    # DISCARD ALL, and what pools connections before a server, forget prepared statements.
    connection.prepare_threshold = None
    return connection


def patiently(connect: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """Return what *connect* returns; a server that is not there, or not ready, is waited for.

    Raises:
        psycopg.OperationalError: it did not come within *patience_s* seconds, or lets nobody in.
    """
    until, pause = time.monotonic() + patience_s, threading.Event()
    while True:
        try:
            return connect()
        except psycopg.OperationalError as error:
            if time.monotonic() >= until or error.sqlstate not in NOT_YET:
                raise
        pause.wait(_PAUSE_S)


def _told(url: str, error: psycopg.Error) -> str:
    """Return why there is no connection; what libpq took for a host may be half a password."""
    if is_readable(url):
        return " ".join(str(error).split())
    return "it can be read in two ways; write @ : / ? # % and the like in a password as %40 …"
