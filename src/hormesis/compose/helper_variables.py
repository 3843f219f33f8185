"""Helper variables: what a suite's helper file, or a system file in its place, sets them to."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from hormesis.compose.registry import catalogue, systems
from hormesis.spec.bindings import Bindings
from hormesis.spec.included import Included
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Problems
from hormesis.spec.system import system_section, variables_of
from hormesis.spec.variables import Unresolved, Variables


class HelperVariables:
    """The variables of *path*, read as a run would read them; nothing is started for them."""

    def __init__(
        self,
        path: Path,
        *,
        overrides: Mapping[str, str],
        environment: Mapping[str, str],
        system: Path | None = None,
    ) -> None:
        """Read the file, those it includes, and the system file.

        Raises:
            InputTrouble: they have problems; all of them are listed.
        """
        self.system = system
        """The system file that was read in place of the helpers' own, if any."""
        self._problems = Problems()
        included = Included(self._problems).read(path)
        forms = Forms(catalogue(), {}, self._problems)
        section = system_section(included.last("system"), systems(), system, forms)
        bindings = Bindings(
            run_dir="", scratch="", run_id="", python=sys.executable, port_of=lambda name: 0
        )
        self._variables: Variables = variables_of(
            included, section, bindings, overrides, environment, forms
        )
        self._problems.raise_if_any()

    def __getitem__(self, name: str) -> str:
        """Return the text of the variable *name*.

        Raises:
            InputTrouble: it cannot be resolved, with the place that says so.
        """
        try:
            return self._variables.variable(name)
        except Unresolved:
            self._problems.raise_if_any()
            raise

    def refers(self, name: str, to: str) -> bool:
        """Return whether the variable *name*, as it is written, holds the variable *to* somewhere.

        Only what it holds itself counts, not what the variables in it hold.
        """
        definition = self._variables.definitions[name]
        node = definition.structure
        written = definition.text if node is None else json.dumps(node.value)
        return f"${{{to}}}" in written
