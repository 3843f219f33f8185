"""The exchange behind the broker: tokens with an end, a rate limit, and what was executed."""

from __future__ import annotations

import math
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Execution:
    """One order that was executed; ``at_s`` is seconds since the broker's start."""

    execution_id: str
    client_order_id: str
    client_id: str
    symbol: str
    side: str
    quantity: int
    at_s: float


class Tokens:
    """Tokens that are valid for *lifetime_s* seconds."""

    def __init__(self, lifetime_s: float) -> None:
        self.lifetime_s = lifetime_s
        self._valid: dict[str, tuple[str, float]] = {}
        self.issued_total = 0

    def issue(self, client_id: str) -> str:
        """Return a new token; older ones stay valid until their end."""
        now_s = time.monotonic()
        self._valid = {token: one for token, one in self._valid.items() if one[1] > now_s}
        token = secrets.token_urlsafe(24)
        self._valid[token] = (client_id, now_s + self.lifetime_s)
        self.issued_total += 1
        return token

    def client_of(self, authorization: str) -> str | None:
        """Return whose token stands in the header, or None when it is not valid."""
        scheme, _, token = authorization.partition(" ")
        client_id, until_s = self._valid.get(token.strip(), ("", 0.0))
        valid = scheme.lower() == "bearer" and time.monotonic() < until_s
        return client_id if valid else None

    def revoke_all(self) -> int:
        """Make every token invalid at once; return how many there were."""
        count = len(self._valid)
        self._valid.clear()
        return count


class RateLimit:
    """A token bucket of one second's worth."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._left = rate
        self._at_s = time.monotonic()

    def wait_s(self) -> float:
        """Take one place; return 0, or after how many seconds there will be one."""
        now_s = time.monotonic()
        self._left = min(self.rate, self._left + (now_s - self._at_s) * self.rate)
        self._at_s = now_s
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self.rate


class Exchange:
    """Executes each idempotency key once, and remembers everything it executed."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._by_key: dict[str, Execution] = {}
        self.executions: list[Execution] = []
        self.rate_limited_total = 0
        self.unauthorized_total = 0

    def execute(self, key: str, client_id: str, order: Mapping[str, Any]) -> tuple[Execution, bool]:
        """Return the execution, and whether it is new; an empty *key* is always new."""
        known = self._by_key.get(key)
        if known is not None:
            return known, False
        at_s = round(time.monotonic() - self._began_s, 4)
        number = len(self.executions) + 1
        made = Execution(execution_id=f"x{number}", client_id=client_id, at_s=at_s, **order)
        self.executions.append(made)
        if key:
            self._by_key[key] = made
        return made, True

    def of(self, prefix: str) -> Sequence[Execution]:
        """Return what was executed of the orders whose ``client_order_id`` begins with *prefix*."""
        return [one for one in self.executions if one.client_order_id.startswith(prefix)]

    def duplicates(self, prefix: str) -> Sequence[Mapping[str, Any]]:
        """Return which of the same orders were executed more than once."""
        times = Counter(one.client_order_id for one in self.of(prefix))
        return [{"client_order_id": name, "times": n} for name, n in times.items() if n > 1]


def whole_seconds(seconds: float) -> str:
    """Return *seconds* as ``Retry-After`` wants them: whole, and at least one."""
    return str(max(1, math.ceil(seconds)))
