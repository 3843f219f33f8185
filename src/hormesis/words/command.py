"""A command of the user's own that is performed once, as an effect on the host.

Stdlib only.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from hormesis.words.secrets import masked_command

ON_FAIL = "on_fail"
"""The subject under which the permit of a run allows the commands of its ``on_fail``."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, without a shell.

    ``env`` is added to its environment; ``timeout_s`` is how long it may take, in seconds.
    """

    kind: ClassVar[str] = "run"

    run: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 30.0

    def describe(self) -> str:
        """Return the command without what looks secret; its environment stays out."""
        return shlex.join(masked_command(self.run))
