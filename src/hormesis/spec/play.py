"""The play: what happens in an experiment, and what is claimed about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hormesis.spec.check_forms import ReadCheck, read_check
from hormesis.spec.client_forms import read_client
from hormesis.spec.end_conditions import read_end_conditions
from hormesis.spec.included import Included
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node
from hormesis.spec.on_fail import read_on_fail
from hormesis.spec.stop_conditions import aborting, read_stop_condition
from hormesis.spec.substitution import substituted
from hormesis.spec.threshold_forms import read_thresholds
from hormesis.spec.tracks import Tracks
from hormesis.spec.variables import Variables
from hormesis.words.client import ClientKind
from hormesis.words.command import Command
from hormesis.words.end_condition import EndCondition
from hormesis.words.stop_condition import StopCondition


@dataclass(frozen=True)
class Play:
    """What happens, and what is claimed about it."""

    tracks: Tracks
    prepare: tuple[ClientKind, ...]
    finish: tuple[ClientKind, ...]
    checks: tuple[ReadCheck, ...]
    left_out: tuple[str, ...]
    stops: tuple[tuple[StopCondition, ReadCheck | None], ...]
    ends: tuple[EndCondition, ...]
    on_fail: tuple[ClientKind | Command, ...]

    def conditions(self) -> tuple[StopCondition, ...]:
        """Return what ends the run: what the file says, and checks that abort it."""
        said = (one for one, _ in self.stops)
        return (*said, *aborting([one.check for one in self.checks]))

    @classmethod
    def read(cls, included: Included, variables: Variables, forms: Forms) -> Play:
        """Read every section of the play; problems are added to those of *forms*."""

        def both(key: str) -> Iterator[tuple[Node, Node, Forms]]:
            for raw in included.elements(key):
                node = substituted(raw, variables)
                folder = {**forms.context, "folder": node.document.folder}
                yield raw, node, Forms(forms.catalogue, folder, forms.problems)

        def resolved(key: str) -> Iterator[tuple[Node, Forms]]:
            return ((node, local) for _, node, local in both(key))

        tracks = Tracks()
        for node, local in resolved("tracks"):
            tracks.read_track(node, local)
        for section in ("steady_state", "final"):
            for node, local in resolved(section):
                tracks.read_condition(section, node, local)
        clients = {
            key: tuple(
                client
                for node, local in resolved(key)
                if (client := read_client(node, local)) is not None
            )
            for key in ("prepare", "finish")
        }
        read = [
            (one, raw)
            for raw, node, local in both("checks")
            if (one := read_check(node, local)) is not None
        ]
        for raw in included.each("thresholds"):
            read += read_thresholds(substituted(raw, variables), raw, forms)
        stops = []
        for node, local in resolved("stop_when"):
            if (stop := read_stop_condition(node, local)) is not None:
                tracks.refuse_mixing(stop[0], node, local)
                stops.append(stop)
        return cls(
            tracks,
            clients["prepare"],
            clients["finish"],
            tuple(one for one, _ in read if not one.unless),
            tuple(one.left_out(raw) for one, raw in read if one.unless),
            tuple(stops),
            read_end_conditions(resolved("end_when"), tracks),
            tuple(read_on_fail(resolved("on_fail"), variables.bindings)),
        )
