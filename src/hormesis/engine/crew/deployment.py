"""Deployment: which worker plays which share of which load. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hormesis.engine.crew.messages import Share
from hormesis.words.client import ClientKind
from hormesis.words.experiment import LoadTrack


@dataclass(frozen=True, slots=True)
class Deployment:
    """``own`` is played in the engine's process, ``shares[i]`` by worker *i*."""

    own: tuple[LoadTrack, ...]
    shares: tuple[tuple[Share, ...], ...]

    def with_clients(self, clients: Mapping[str, ClientKind]) -> Deployment:
        """Return it with other clients, by the name of the load."""

        def equipped(tracks: Sequence[LoadTrack]) -> tuple[LoadTrack, ...]:
            return tuple(replace(one, client=clients.get(one.name, one.client)) for one in tracks)

        return Deployment(
            own=equipped(self.own),
            shares=tuple(
                tuple(replace(one, tracks=equipped(one.tracks)) for one in shares)
                for shares in self.shares
            ),
        )

    @property
    def shards(self) -> int:
        """Return how many processes record operations: the engine's own and every worker."""
        return 1 + len(self.shares)


def deployed(
    tracks: Sequence[LoadTrack], counts: Sequence[int], *, machines: int = 0
) -> Deployment:
    """Spread *tracks*, of which number *i* is played by ``counts[i]`` processes, over workers.

    With *machines* there are that many workers and they play everything; without, what one process
    plays stays in the engine's own. Loads that one worker plays alone go to one worker each.
    """
    own = [] if machines else [t for t, n in zip(tracks, counts, strict=True) if n == 1]
    workers = machines or max((count for count in counts if count > 1), default=0)
    by_worker: list[dict[tuple[int, int], list[LoadTrack]]] = [{} for _ in range(workers)]
    alone = 0
    for track, count in zip(tracks, counts, strict=True):
        if track in own:
            continue
        first = 0
        if count == 1:
            first, alone = alone % workers, alone + 1
        for part in range(count):
            by_worker[first + part].setdefault((part, count), []).append(track)
    return Deployment(
        own=tuple(own),
        shares=tuple(
            tuple(Share(tuple(its), part, parts) for (part, parts), its in shares.items())
            for shares in by_worker
        ),
    )
