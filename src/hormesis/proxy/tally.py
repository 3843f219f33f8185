"""Tally: what one toxic on one link really did, measured where the bytes pass.

A tally outlives its toxic, so that a bite can still be read after the toxic was removed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hormesis.words.kind import Scalar
from hormesis.words.shaper import Hits


@dataclass(slots=True)
class Tally:
    """Counters of one toxic; all times are seconds of the proxy's clock."""

    generation: int = 1
    """How many times a toxic of this name was added; tells a fresh bite from an old one."""
    hits: Hits = field(default_factory=Hits)
    """What the toxic itself counts."""
    own_count: bool = False
    """Whether that count is the whole truth, and chunks that wait or vanish are no hits."""
    active: bool = True
    delayed: int = 0
    """Chunks that waited here."""
    withheld: int = 0
    """Chunks that came in and have not been let out."""
    ended: int = 0
    """Connections this toxic closed, reset or saw refused."""
    delay_s_sum: float = 0.0
    passed: int = 0
    """Bytes let through."""
    error: str = ""
    """Why the toxic itself broke; the connection it broke on was reset."""
    _waiting: int = field(default=0, repr=False)
    _waiting_since_sum: float = field(default=0.0, repr=False)
    _waited_s: float = field(default=0.0, repr=False)

    def waits(self, now: float) -> None:
        """Note that one connection began to have something waiting here."""
        self._waiting += 1
        self._waiting_since_sum += now

    def clears(self, since: float, now: float) -> None:
        """Note that a connection that has waited *since* has nothing waiting any more."""
        self._waiting -= 1
        self._waiting_since_sum -= since
        self._waited_s += now - since

    def waited_s(self, now: float) -> float:
        """Return the seconds, summed over connections, in which something was waiting here."""
        return self._waited_s + self._waiting * now - self._waiting_since_sum

    def reading(self, now: float) -> dict[str, Scalar]:
        """Return the toxic's part of a link's reading.

        ``hits`` are chunks delayed or withheld and connections ended, or what the toxic counted;
        ``met`` the occasions of a toxic that tells requests apart, ``bytes_shaped`` what it let
        through, changed or not. ``delay_ms_mean`` is over
        the delayed chunks that have left. ``bytes_per_s`` is what one connection got through
        while the toxic was holding something of it back; 0 when it never did. ``holding`` is how
        many connections have something waiting here now, ``held_ms`` since when, on average;
        ``missed`` how many requests the toxic let alone as not meant: each only where there is one.
        """
        waited = self.waited_s(now)
        reading: dict[str, Scalar] = {
            "active": self.active,
            "generation": self.generation,
            "hits": self.hits.count if self.own_count else self._kept(),
            "met": self.hits.met,
            "bytes_shaped": self.passed,
            "delay_ms_mean": 1000 * self.delay_s_sum / self.delayed if self.delayed else 0.0,
            "bytes_per_s": self.passed / waited if waited > 1e-6 else 0.0,
        }
        if self._waiting:
            reading["holding"] = self._waiting
            reading["held_ms"] = 1000 * (now - self._waiting_since_sum / self._waiting)
        if self.hits.missed:
            reading["missed"] = self.hits.missed
            reading["last_missed"] = " · ".join(self.hits.last_missed)
        if self.error:
            reading["error"] = self.error
        return reading

    def _kept(self) -> int:
        return self.delayed + self.withheld + self.ended


UNSEEN: dict[str, Scalar] = {
    "active": False,
    "generation": 0,
    "hits": 0,
    "met": 0,
    "bytes_shaped": 0,
    "delay_ms_mean": 0.0,
    "bytes_per_s": 0.0,
}
"""The reading of a toxic that was never added."""
