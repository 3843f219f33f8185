"""PostgreSQL fail: statements through a link fail."""

from __future__ import annotations

from hormesis.faults.parts.request_fault import RequestFault
from hormesis.proxy.postgres_statements import PostgresError


class PostgresFail(PostgresError, RequestFault):
    """Let matching PostgreSQL statements through a link fail with *sqlstate* and *message*.

    They fail on the server too, so both ends agree on the transaction. A ``COMMIT`` that fails
    rolls back. Only plaintext connections can be read: set ``sslmode=disable`` where the server
    offers encryption.
    """

    def done(self, hits: str, met: str) -> str:
        """Return how many statements failed."""
        return f"failed {hits} of {met} matching statements with {self.sqlstate}"
