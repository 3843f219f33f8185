"""Stratum: a schema with a history, in PostgreSQL.

Branches hold commits, commits record changes of tables, and everything has a *stamp*: an id that is
computed from what it names, so that what was altered behind the library's back no longer fits its
stamp.

Whoever calls owns the transaction: inside one, a function works in a savepoint of it; without one,
in a transaction of its own. Connections come from the caller, with a ``search_path`` whose first
schema is the one to keep.
"""

from stratum.branches import Branch, create_branch, find_branch
from stratum.commits import Commit, at_version, commit, commit_many, history
from stratum.failures import (
    BranchExists,
    MigrationChanged,
    MigrationFailed,
    Refused,
    StratumError,
    TableExists,
    UnknownBranch,
    UnknownCommit,
    UnknownTable,
)
from stratum.integrity import Finding, check
from stratum.layout import install
from stratum.merges import merge
from stratum.migrations import Entry, Migration, journal, migrate
from stratum.repairs import Repaired, repair
from stratum.sessions import Sessions
from stratum.stamps import stamp_of
from stratum.tables import Change, add_column, changes_of, define, drop_column, recorded, touch
from stratum.transactions import retrying
from stratum.versions import Version

__all__ = [
    "Branch", "BranchExists", "Change", "Commit", "Entry", "Finding", "Migration",
    "MigrationChanged", "MigrationFailed", "Refused", "Repaired", "Sessions", "StratumError",
    "TableExists", "UnknownBranch", "UnknownCommit", "UnknownTable", "Version", "add_column",
    "at_version", "changes_of", "check", "commit", "commit_many", "create_branch", "define",
    "drop_column", "find_branch", "history", "install", "journal", "merge", "migrate", "recorded",
    "repair", "retrying", "stamp_of", "touch",
]  # fmt: skip
