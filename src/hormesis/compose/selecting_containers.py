"""Selecting containers: from the patterns of a file to the containers that run now."""

from __future__ import annotations

from hormesis.words.experiment import Experiment


def with_containers(experiment: Experiment) -> Experiment:
    """Return *experiment* with every container pattern replaced by the containers it selects."""
    return experiment
