"""The programs of this part."""

from __future__ import annotations

from proving_ground.command_options import Command

COMMANDS: dict[str, Command] = {}
