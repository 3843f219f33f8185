"""What can go wrong, by name."""

from __future__ import annotations


class StratumError(Exception):
    """Anything that the library says no to."""


class Refused(StratumError):
    """A value that cannot be kept, or that a hook did not want."""


class UnknownBranch(StratumError):
    """No branch has this name."""


class BranchExists(StratumError):
    """A branch of this name is there already."""


class UnknownCommit(StratumError):
    """No commit has this stamp or version."""


class UnknownTable(StratumError):
    """No table of this name is kept."""


class TableExists(StratumError):
    """A table of this name is kept already."""


class MigrationFailed(StratumError):
    """A statement of a migration failed; nothing of it remains but the entry in the journal."""


class MigrationChanged(StratumError):
    """A migration differs from what was run under its version."""
