"""Config: the one JSON line that tells the proxy process what to serve."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from hormesis.proxy.address import address_of


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """One proxied address; both are ``host:port``, and port 0 of ``listen`` picks a free one."""

    name: str
    listen: str
    upstream: str
    remembers: bool = False
    """Whether PostgreSQL statements are remembered for toxics that come after they were prepared.
    """

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("expected a name for every link")
        for text in (self.listen, self.upstream):
            address_of(text)


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """Everything the proxy process needs; ``control`` is the path of its control socket."""

    control: str
    links: tuple[LinkConfig, ...] = ()
    seed: int = 0
    toxics_package: str = "hormesis.toxics"

    def to_json(self) -> str:
        """Return the line, without its newline, that :meth:`from_json` understands."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str | bytes) -> ProxyConfig:
        """Read the line.

        Raises:
            ValueError: it is not a configuration; the text says what was expected.
        """
        data: Any = json.loads(line)
        if not isinstance(data, dict) or not isinstance(data.get("control"), str):
            raise ValueError("expected an object with the path of the control socket in `control`")
        links = []
        for link in data.get("links", ()):
            try:
                remembers = bool(link.get("remembers", False))
                links.append(
                    LinkConfig(str(link["name"]), link["listen"], link["upstream"], remembers)
                )
            except (TypeError, KeyError, AttributeError) as trouble:
                raise ValueError("expected links as {name, listen, upstream}") from trouble
        names = [link.name for link in links]
        if len(set(names)) != len(names):
            raise ValueError(f"expected different names for the links, found {names}")
        return cls(
            control=data["control"],
            links=tuple(links),
            seed=int(data.get("seed", 0)),
            toxics_package=str(data.get("toxics_package", "hormesis.toxics")),
        )
