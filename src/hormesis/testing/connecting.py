"""Our own connections to a server that may just be coming back."""

from __future__ import annotations

import threading
import time

import psycopg

from hormesis.testing.postgres_url import hidden
from hormesis.words.trouble import CapabilityTrouble

PATIENCE_S = 15.0
PAUSE_S = 0.02
NOT_YET = ("57P03", "57P01", "57P02", None)
"""Starting up, shutting down, crashed, or nothing that could answer yet."""


def connected(url: str, application: str, *, patience_s: float = 0.0) -> psycopg.Connection:
    """Return a connection of our own: in autocommit, and bearing *application* as its name.

    With ``patience_s`` a server that is not there, or not ready, is waited for that many seconds.

    Raises:
        CapabilityTrouble: there is no such server, or it does not let us in.
    """
    until = time.monotonic() + patience_s
    pause = threading.Event()
    while True:
        try:
            connection = psycopg.connect(
                url, application_name=application, autocommit=True, connect_timeout=10
            )
            # DISCARD ALL, and what pools connections before a server, forget prepared statements.
            connection.prepare_threshold = None
            return connection
        except psycopg.OperationalError as error:
            if time.monotonic() >= until or error.sqlstate not in NOT_YET:
                told = " ".join(str(error).split())
                raise CapabilityTrouble(
                    f"no connection to {hidden(url)}: {told}",
                    hint="name a running server with --chaos-database, or leave it out for an "
                    "embedded one",
                ) from error
        pause.wait(PAUSE_S)
