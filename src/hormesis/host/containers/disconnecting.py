"""Taking a container off its networks; undo puts it back under the same names and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hormesis.host.containers.state import ContainerState, under_way
from hormesis.host.docker_api import Engine, EngineTrouble
from hormesis.host.steps import Steps
from hormesis.host.verb_protocol import Args, Facts, NothingDone, VerbFailed
from hormesis.words.verb import Undone

_NOT_OURS = frozenset({"host", "none"})
"""Networks that cannot be left."""
_LEAVE_S = 1.0
_NOT_THAT_ADDRESS = ("already in use", "user configured subnet", "user defined")
_DEFAULT = "bridge"
"""The engine's own network, which knows neither aliases nor chosen addresses."""


def capture(engine: Engine, state: ContainerState, args: Args) -> Facts:
    """Read the endpoints that will be taken away."""
    mode = str(state.host_config.get("NetworkMode", ""))
    if mode.startswith("container:"):
        raise NothingDone(f"container {state.name!r} uses the network of another container")
    wanted = str(args.get("network") or "")
    there = networks_of(state)
    chosen = {
        name: endpoint for name, endpoint in there.items()
        if name not in _NOT_OURS and (not wanted or wanted in (name, endpoint["NetworkID"]))
    }  # fmt: skip
    if not chosen:
        what = f"network {wanted!r}" if wanted else "a network that it could leave"
        known = ", ".join(there) or "none"
        raise NothingDone(f"container {state.name!r} is not on {what}; it is on: {known}")
    return {"endpoints": {name: kept(name, one, state.id) for name, one in chosen.items()}}


def perform(engine: Engine, args: Args, facts: Facts) -> Steps[Facts]:
    """Leave one network after the other."""
    for endpoint in facts["endpoints"].values():
        yield from _leave(engine, facts, endpoint)
    return {"left": len(facts["endpoints"])}


def undo(engine: Engine, state: ContainerState, args: Args, facts: Facts) -> Steps[Undone]:
    """Connect it again to each network on which it is not."""
    endpoints: Mapping[str, Mapping[str, Any]] = facts["endpoints"]
    if "left" not in facts:
        seen = yield from under_way(
            engine, facts, _LEAVE_S, lambda seen: not networks_of(seen).keys() & endpoints.keys()
        )
        state = seen or state
    away = [name for name in endpoints if name not in networks_of(state)]
    for name in away:
        yield from _join(engine, facts, name, endpoints[name])
    return Undone.DONE if away else Undone.GONE


def read(engine: Engine, state: ContainerState, facts: Facts) -> dict[str, Any]:
    """Return on how many of the networks it is, and whether under its former addresses."""
    there = networks_of(state)
    endpoints = facts["endpoints"]
    met = [name for name in endpoints if name in there]
    moved = [
        name for name in met
        if state.runs and address_of(there[name]) != endpoints[name].get("address", "")
    ]  # fmt: skip
    return {
        "networks": len(met), "networks_before": len(endpoints),
        "names": ", ".join(endpoints), "moved": ", ".join(moved),
    }  # fmt: skip


def networks_of(state: ContainerState) -> dict[str, Mapping[str, Any]]:
    """Return the endpoints of a container by the names of their networks.

    One that could not be connected is still listed by some engines, but has no endpoint; of a
    container that does not run none has.
    """
    settings = state.account.get("NetworkSettings") or {}
    listed: Mapping[str, Mapping[str, Any]] = settings.get("Networks") or {}
    return {name: one for name, one in listed.items() if one.get("EndpointID") or not state.runs}


def address_of(endpoint: Mapping[str, Any]) -> str:
    """Return the IPv4 address of an endpoint."""
    return str(endpoint.get("IPAddress") or "")


def kept(name: str, endpoint: Mapping[str, Any], container_id: str) -> dict[str, Any]:
    """Return of an endpoint what it takes to make it anew."""
    again: dict[str, Any] = {}
    if name != _DEFAULT:
        # The engine adds the short id by itself.
        aliases = [one for one in endpoint.get("Aliases") or [] if one != container_id[:12]]
        again = {"Aliases": aliases, "Links": endpoint.get("Links")}
        addresses = {
            "IPv4Address": address_of(endpoint),
            "IPv6Address": str(endpoint.get("GlobalIPv6Address") or ""),
        }
        again["IPAMConfig"] = {key: value for key, value in addresses.items() if value}
    again["DriverOpts"] = endpoint.get("DriverOpts")
    return {
        "network": endpoint.get("NetworkID") or name,
        "address": address_of(endpoint),
        "chosen": bool(endpoint.get("IPAMConfig")),
        "config": {key: value for key, value in again.items() if value},
    }


def _leave(engine: Engine, facts: Facts, endpoint: Mapping[str, Any]) -> Steps[None]:
    body = {"Container": facts["id"], "Force": False}
    try:
        yield from engine.post(_path(endpoint, "disconnect"), body)
    except EngineTrouble as error:
        if "is not connected" not in str(error):
            raise


def _join(engine: Engine, facts: Facts, name: str, endpoint: Mapping[str, Any]) -> Steps[None]:
    config = dict(endpoint["config"])
    body = {"Container": facts["id"], "EndpointConfig": config}
    try:
        yield from engine.post(_path(endpoint, "connect"), body)
        return
    except EngineTrouble as error:
        if "already exists in network" in str(error):
            return
        # An address that the engine once gave may be another's by now; and one can be chosen only
        # on a network with a configured subnet.
        given = not endpoint.get("chosen")
        if not (given and any(words in str(error).lower() for words in _NOT_THAT_ADDRESS)):
            raise VerbFailed(f"it cannot be put back on network {name!r}: {error}") from error
    config.pop("IPAMConfig", None)
    yield from engine.post(_path(endpoint, "connect"), body)


def _path(endpoint: Mapping[str, Any], what: str) -> str:
    return f"/networks/{quote(str(endpoint['network']), safe='')}/{what}"
