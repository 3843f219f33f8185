"""Toxic types: Toxiproxy's own, with their whole numbers, and every other kind on the shelf.

Toxiproxy's types keep their names and units (milliseconds, kilobytes of 1000 bytes). A kind of the
shelf that is none of them goes under its own name, its attributes written as in files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hormesis.proxy.shelf import toxic_of
from hormesis.proxy.toxiproxy.noop import Noop
from hormesis.proxy.toxiproxy.paced import Paced
from hormesis.proxy.toxiproxy.reset_peer import ResetPeer
from hormesis.proxy.toxiproxy.swallow import Swallow
from hormesis.words.shaper import Stream, Toxic

KILOBYTE = 1000
Numbers = Mapping[str, int]
Shelf = Callable[[str, Mapping[str, Any]], Toxic]
"""Makes the toxic of a kind, for a direction that is settled, from attributes as in files."""


@dataclass(frozen=True, slots=True)
class Made:
    """The toxic that stands for a type; *for_live* is for connections that were open before."""

    toxic: Toxic
    for_live: Toxic | None = None


@dataclass(frozen=True, slots=True)
class ToxicType:
    """A type of Toxiproxy's: its attributes, the name of its struct in Go, and what it is here."""

    attributes: tuple[str, ...]
    go_type: str
    make: Callable[[Stream, Numbers, Shelf], Made]


def _noop(stream: Stream, given: Numbers, shelf: Shelf) -> Made:
    return Made(Noop(stream=stream))


def _latency(stream: Stream, given: Numbers, shelf: Shelf) -> Made:
    attributes = {"delay": _ms(given["latency"]), "jitter": _ms(given["jitter"])}
    return Made(shelf("latency", attributes))


def _bandwidth(stream: Stream, given: Numbers, shelf: Shelf) -> Made:
    return Made(Paced(stream=stream, rate=max(0, given["rate"]) * KILOBYTE))


def _slow_close(stream: Stream, given: Numbers, shelf: Shelf) -> Made:
    return Made(shelf("slow-close", {"delay": _ms(given["delay"])}))


def _timeout(stream: Stream, given: Numbers, shelf: Shelf) -> Made:
    return Made(Swallow(stream=stream, timeout=max(0, given["timeout"]) / 1000))


def _reset_peer(stream: Stream, given: Numbers, shelf: Shelf) -> Made:
    after = max(0, given["timeout"]) / 1000
    return Made(
        ResetPeer(stream=stream, after=after),
        for_live=ResetPeer(stream=stream, after=after, resets=False),
    )


def _slicer(stream: Stream, given: Numbers, shelf: Shelf) -> Made:
    average = given["average_size"]
    if average <= 0:
        return _noop(stream, given, shelf)
    attributes = {
        "average_size": f"{average}B",
        "size_variation": f"{min(max(0, given['size_variation']), average - 1)}B",
        "delay": f"{max(0, given['delay'])}us",
    }
    return Made(shelf("slicer", attributes))


def _limit_data(stream: Stream, given: Numbers, shelf: Shelf) -> Made:
    return Made(shelf("limit-data", {"bytes": f"{max(0, given['bytes'])}B"}))


TYPES: Mapping[str, ToxicType] = {
    "latency": ToxicType(("latency", "jitter"), "toxics.LatencyToxic", _latency),
    "bandwidth": ToxicType(("rate",), "toxics.BandwidthToxic", _bandwidth),
    "slow_close": ToxicType(("delay",), "toxics.SlowCloseToxic", _slow_close),
    "timeout": ToxicType(("timeout",), "toxics.TimeoutToxic", _timeout),
    "reset_peer": ToxicType(("timeout",), "toxics.ResetToxic", _reset_peer),
    "slicer": ToxicType(("average_size", "size_variation", "delay"), "toxics.SlicerToxic", _slicer),
    "limit_data": ToxicType(("bytes",), "toxics.LimitDataToxic", _limit_data),
    "noop": ToxicType((), "toxics.NoopToxic", _noop),
}


def made_of(
    package: str, type_name: str, stream: Stream | None, attributes: Mapping[str, Any]
) -> Made:
    """Return the toxic for a type of Toxiproxy's or a kind of the shelf *package*.

    Raises:
        ValueError: there is no such toxic, or an attribute is not what it should be.
    """
    direction = stream.value if stream is not None else None
    if type_name in TYPES:
        given = Stream.DOWNSTREAM if stream is None else stream

        def shelf(kind: str, attributes: Mapping[str, Any]) -> Toxic:
            return toxic_of(package, kind, given.value, attributes)

        return TYPES[type_name].make(given, attributes, shelf)
    toxic = toxic_of(package, type_name, direction, attributes)
    if toxic.refuses:
        raise ValueError(f"{type_name} is no toxic of a proxy; set `enabled` to false instead")
    return Made(toxic)


def _ms(number: int) -> str:
    return f"{max(0, number)}ms"
