"""Metrics: Prometheus text about the proxies, counted while connections are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from weakref import WeakKeyDictionary

from hormesis.proxy.toxiproxy.proxies import Proxy

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A name and its labels."""

_RECEIVED = "toxiproxy_proxy_received_bytes_total"
_SENT = "toxiproxy_proxy_sent_bytes_total"
_CONNECTIONS = "hormesis_proxy_connections_total"
_REFUSED = "hormesis_proxy_refused_total"
_RESETS = "hormesis_proxy_resets_total"
_LIVE = "hormesis_proxy_connections_live"
_TOLD = {
    _RECEIVED: ("counter", "Bytes read from the sender of a direction."),
    _SENT: ("counter", "Bytes passed on to the receiver of a direction."),
    _CONNECTIONS: ("counter", "Connections accepted."),
    _REFUSED: ("counter", "Connections whose upstream could not be reached."),
    _RESETS: ("counter", "Connections ended with a reset."),
    _LIVE: ("gauge", "Connections open now."),
}


class Metrics:
    """Counters of all proxies; those of proxies that are gone or moved are kept."""

    def __init__(self) -> None:
        self._kept: Counter[Series] = Counter()
        self._taken: WeakKeyDictionary[Proxy, Counter[str]] = WeakKeyDictionary()
        """Per proxy what of its counters is kept under other labels."""

    def keep(self, proxy: Proxy) -> None:
        """Keep what *proxy* has counted under the labels that it has now."""
        taken = self._taken.setdefault(proxy, Counter())
        for series, kind, value in _fresh(proxy, taken):
            self._kept[series] += value
            taken[kind] += value

    def text(self, proxies: Iterable[Proxy]) -> str:
        """Return the exposition text."""
        figures = Counter(self._kept)
        for proxy in proxies:
            for series, _, value in _fresh(proxy, self._taken.get(proxy, Counter())):
                figures[series] += value
            if proxy.link.connections:
                live = proxy.link.counters()["live"]
                figures[_LIVE, (("proxy", proxy.name),)] = int(live or 0)
        lines = []
        for name, (sort, told) in _TOLD.items():
            found = sorted((labels, value) for (of, labels), value in figures.items() if of == name)
            if found:
                lines += [f"# HELP {name} {told}", f"# TYPE {name} {sort}"]
            for labels, value in found:
                text = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
                lines.append(f"{name}{{{text}}} {value}")
        return "".join(f"{line}\n" for line in lines)


def _fresh(proxy: Proxy, taken: Counter[str]) -> Iterator[tuple[Series, str, int]]:
    """Yield each counter of *proxy* beyond what was *taken* of it."""
    link = proxy.link
    if not link.connections:
        return
    addresses = (("proxy", proxy.name), ("listener", proxy.listen), ("upstream", proxy.upstream))
    for direction, sent, unpassed in (
        ("upstream", link.bytes_up, link.unpassed_up),
        ("downstream", link.bytes_down, link.unpassed_down),
    ):
        labels = (("direction", direction), *addresses)
        for name, value in ((_RECEIVED, sent + unpassed), (_SENT, sent)):
            kind = f"{name} {direction}"
            yield (name, labels), kind, value - taken[kind]
    for name, value in (
        (_CONNECTIONS, link.connections), (_REFUSED, link.refused), (_RESETS, link.resets),
    ):  # fmt: skip
        yield (name, (("proxy", proxy.name),)), name, value - taken[name]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
