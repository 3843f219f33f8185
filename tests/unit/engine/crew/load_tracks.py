"""Load tracks for tests: a shape and no more."""

from __future__ import annotations

from hormesis.words.client import Client, ClientKind, User
from hormesis.words.experiment import LoadTrack
from hormesis.words.load import Burst, Closed, Finite, Load, Open, Shape, Ticked


class Nobody(ClientKind):
    """A client that is never made."""

    def make(self, user: User) -> Client:
        raise NotImplementedError


class Given(Load):
    """A load whose shape is told by one word and a number."""

    sort: str
    size: int

    def shape(self) -> Shape:
        size = self.size
        match self.sort:
            case "users":
                return Closed(users_at=lambda passed_s: size, users_max=size, duration_s=60.0)
            case "rate" | "patient":
                return Open(
                    due_at=lambda arrival: arrival / size if arrival < size * 60 else None,
                    users_max=50 if self.sort == "rate" else 5000,
                    duration_s=60.0,
                )
            case "peak":
                # Nothing for 50 s, then everything within one second.
                return Open(
                    due_at=lambda arrival: 50.0 + arrival / size if arrival < size else None,
                    users_max=50,
                    duration_s=60.0,
                )
            case "iterations":
                return Finite(users=size, iterations=size * 10, each=False, duration_s_max=60.0)
            case "burst":
                return Burst(users=size, rounds=1, gap_s=1.0)
            case _:
                return Ticked(make=lambda: lambda passed_s, users: None, duration_s_max=60.0)


def track(name: str, sort: str, size: int, processes: int = 0) -> LoadTrack:
    return LoadTrack(name, Given(sort=sort, size=size), Nobody(), processes=processes)
