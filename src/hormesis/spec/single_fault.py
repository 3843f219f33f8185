"""Single fault: one fault that a program asks for by name, read as a track of a file would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hormesis.spec.document import Document
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, Problems
from hormesis.spec.tracks import Tracks
from hormesis.spec.unknown_names import check_targets
from hormesis.words.catalogue import Catalogue
from hormesis.words.experiment import FaultTrack
from hormesis.words.target import Target

TIMED = ("at", "repeat")
"""Keys that say when a fault of a file happens; one that a program asks for begins at once."""


def read_single_fault(
    document: Document, *, catalogue: Catalogue, targets: Mapping[str, Sequence[Target]]
) -> FaultTrack:
    """Return the fault that *document* holds under its only key, which is its name in problems.

    Raises:
        InputTrouble: it has problems; all of them are listed.
    """
    problems = Problems()
    context = {"time_scale": 1.0, "folder": document.folder}
    forms = Forms(catalogue, context, problems)
    ((_, node),) = Node(document, document.data).items()
    for key in TIMED:
        if node.has(key):
            message = f"expected no {key}, because a fault by hand begins at once and once"
            problems.add(node.under(key), message, at_key=True)
    tracks = Tracks()
    tracks.read_track(node, forms)
    check_targets(tracks, targets, {}, problems)
    problems.raise_if_any()
    return tracks.faults[0]
