"""Queueing disciplines (tc(8)): what is said to ``tc``, and what it answers.

The root is an htb that lets everything through except what is aimed at, which goes through one
class: throttled by it, or through a netem beneath it. A discipline shapes only what is sent.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hormesis.host.packets.aim import Aim
from hormesis.host.packets.sockets import TCP

PATIENCE_S = 5.0
LOOPBACK = "lo"
_FREELY = "100gbit"
_BURST = 4096
_FAMILIES = (("ip", "ip"), ("ipv6", "ip6"))
_DEFAULT = "0:"


class TcFailed(Exception):
    """``tc`` failed, in its own words."""


@dataclass(frozen=True, slots=True)
class Place:
    """A network namespace by the path that leads to it; empty: our own."""

    path: str = ""

    def run(self, arguments: Sequence[str], given: str = "") -> str:
        """Run ``tc`` there and return what it prints.

        Raises:
            TcFailed: it failed, or is not installed.
        """
        enter = ["nsenter", f"--net={self.path}"] if self.path else []
        command = [*enter, "tc", *arguments]
        try:
            done = subprocess.run(
                command, input=given, capture_output=True, text=True, timeout=PATIENCE_S,
                check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise TcFailed(f"{error.filename} is not installed") from None
        except subprocess.TimeoutExpired:
            raise TcFailed("tc hangs") from None
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason"]
            raise TcFailed(f"tc: {said[0].strip()}")
        return done.stdout

    def roots(self) -> dict[str, tuple[str, str]]:
        """Return the kind and the handle of each device's root discipline.

        Raises:
            TcFailed: they cannot be read.
        """
        found = {}
        for one in json.loads(self.run(["-j", "qdisc", "show"]) or "[]"):
            if one.get("root"):
                found[str(one["dev"])] = (str(one["kind"]), str(one["handle"]))
        return found

    def figures(self, device: str, handle: str) -> dict[str, Any]:
        """Return what went through our class, and through the netem beneath it.

        Raises:
            TcFailed: it cannot be read, as when the device is gone.
        """
        ours = class_figures(self.run(["-s", "class", "show", "dev", device]), f"{handle}1")
        every: list[dict[str, Any]] = json.loads(
            self.run(["-s", "-j", "qdisc", "show", "dev", device]) or "[]"
        )
        for one in every:
            if one.get("parent") == f"{handle}1":
                ours["lost"] = int(one.get("drops", 0))
        return ours


def class_figures(printed: str, name: str) -> dict[str, Any]:
    """Return the figures of the class *name* in what ``tc -s class show`` prints."""
    for text in printed.split("\n\n"):
        found = _CLASS.search(text)
        if found is None or found["name"] != name:
            continue
        size, packets, drops, over = (
            int(found[one]) for one in ("bytes", "packets", "drops", "over")
        )
        rate = float(found["rate"]) * _PREFIXES[found["prefix"]] / 8
        return {
            "matched": packets, "matched_bytes": size, "delayed": over, "lost": drops,
            "bytes_per_s": rate or None,
        }  # fmt: skip
    return {"matched": 0, "matched_bytes": 0, "delayed": 0, "lost": 0, "bytes_per_s": None}


_CLASS = re.compile(
    r"class htb (?P<name>\S+) .*?Sent (?P<bytes>\d+) bytes (?P<packets>\d+) pkt"
    r" \(dropped (?P<drops>\d+), overlimits (?P<over>\d+) .*?"
    r"rate (?P<rate>[\d.]+)(?P<prefix>[KMGT]?)bit",
    re.DOTALL,
)
_PREFIXES = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def untouched(kind: str, handle: str) -> bool:
    """Return whether a root discipline is one that the kernel set up by itself."""
    return handle == _DEFAULT or kind == "noqueue"


def devices_of(aim: Aim, roots: Mapping[str, tuple[str, str]], *, everywhere: bool) -> list[str]:
    """Return the devices through which what is aimed at is sent.

    On our own machine that is the loopback device; ``everywhere`` adds the others, as within a
    container.

    Raises:
        ValueError: what is aimed at is not sent from here.
    """
    others = [one for one in roots if one != LOOPBACK] if everywhere or aim.distant else []
    if aim.distant:
        if aim.ways != ("to",):
            raise ValueError("only what is sent to a distant target can be shaped: direction in")
        return others
    if not aim.endpoints:
        if aim.ways != ("from",):
            raise ValueError("only what is sent can be shaped: direction out (or by nfqueue)")
        return others
    return [LOOPBACK, *others]


def script(
    device: str, handle: str, aim: Aim, told: Mapping[str, Any], *, outside: bool
) -> Iterator[str]:
    """Yield the lines of a ``tc -batch`` that make the discipline; ``handle`` ends in a colon.

    ``outside`` says that what comes to the target does not pass this device as something sent.
    """
    leaf = f"{int(handle.rstrip(':'), 16) ^ 1:x}:"
    throttled = told.get("discipline") == "htb"
    rate = f"{8 * int(told['rate'])}bit" if throttled else _FREELY
    burst = f" burst {_BURST} cburst {_BURST}" if throttled else ""
    yield f"qdisc add dev {device} root handle {handle} htb default 0"
    yield (
        f"class add dev {device} parent {handle} classid {handle}1 est 250ms 500ms"
        f" htb rate {rate} ceil {rate}{burst} quantum 1600"
    )
    if not throttled:
        yield f"qdisc add dev {device} parent {handle}1 handle {leaf} netem {_netem(told)}"
    for number, (name, match) in enumerate(_FAMILIES, 1):
        for wanted in _matches(aim, match, outside):
            yield (
                f"filter add dev {device} parent {handle} protocol {name} prio {number}"
                f" u32 {wanted} flowid {handle}1"
            )


def _matches(aim: Aim, family: str, outside: bool) -> Iterator[str]:
    hosts = [one for one in aim.hosts if (":" in one) == (family == "ip6")]
    if aim.hosts and not hosts:
        return
    for way in aim.ways:
        if outside and way == "to" and not aim.distant:
            continue
        end, port = ("dst", "dport") if way == "to" else ("src", "sport")
        for host in hosts or [""]:
            narrowed = f"match {family} {end} {host} " if host else ""
            for protocol, number in aim.endpoints:
                yield (
                    f"{narrowed}match {family} protocol {protocol} 0xff"
                    f" match {family} {port} {number} 0xffff"
                )
                if family == "ip6" and protocol == TCP:
                    # What is above 64 KiB bears a header of its own for its length (RFC 2675).
                    at = 48 if port == "sport" else 50
                    yield (
                        f"{narrowed}match ip6 protocol 0 0xff match u8 {TCP} 0xff at 40"
                        f" match u16 {number} 0xffff at {at}"
                    )
            if not aim.endpoints:
                yield f"{narrowed}match u32 0 0"


def _netem(told: Mapping[str, Any]) -> str:
    words = ["limit 100000"]
    if told.get("delay_s"):
        words.append(f"delay {1e6 * told['delay_s']:.0f}us")
        if told.get("jitter_s"):
            words.append(f"{1e6 * told['jitter_s']:.0f}us")
            if (spread := told.get("distribution", "uniform")) != "uniform":
                # A table of the emulator's own; evenly is what it does without one.
                words.append(f"distribution {spread}")
    for name in ("loss", "duplicate", "corrupt", "reorder"):
        if told.get(name):
            words.append(f"{name} {100 * told[name]:.6g}%")
            if name == "loss" and told.get("correlation"):
                words.append(f"{100 * told['correlation']:.6g}%")
    return " ".join(word for word in words if word)
