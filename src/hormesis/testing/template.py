"""The template: what every fresh schema or database holds already, an SQL file or a function."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from hormesis.testing.options import Options
from hormesis.words.trouble import InputTrouble, Place, Problem

SETTING = "chaos_template"
APPLICATION = "hormesis-template"


@dataclass(frozen=True, slots=True)
class Template:
    """Either ``statements``, the text of *file*, or ``function``, called ``module:name``."""

    name: str
    file: Path | None = None
    statements: str = ""
    function: Callable[[Any], Any] | None = None

    def apply(self, connection: psycopg.Connection) -> None:
        """Apply it in one transaction; the session's ``search_path`` says where.

        Raises:
            InputTrouble: it failed; the problem names the line.
        """
        try:
            if self.function is None:
                # Without parameters: the text is sent as it is, and may hold many statements.
                connection.execute(self.statements.encode(), prepare=False)
            elif inspect.isawaitable(answer := self.function(connection)):
                if inspect.iscoroutine(answer):
                    answer.close()
                raise InputTrouble(f"{self.name}: {_ASYNC}", hint=_HINT)
            if not connection.closed:
                connection.commit()
        except InputTrouble:
            raise
        except psycopg.Error as error:
            raise InputTrouble(self._problem(error)) from error
        except Exception as error:
            if self.function is None:
                raise
            told = f"{type(error).__name__}: {error}"
            raise InputTrouble(Problem(f"{self.name} failed: {told}", _raised_at(error))) from error

    def _problem(self, error: psycopg.Error) -> Problem:
        diag = error.diag
        told = diag.message_primary or str(error).strip().partition("\n")[0]
        state = f" ({error.sqlstate})" if error.sqlstate else ""
        if self.function is not None:
            return Problem(f"{self.name} failed: {told}{state}", _raised_at(error))
        at = int(diag.statement_position or 0)
        before = self.statements[: max(at - 1, 0)]
        line = before.count("\n") + 1 if at else 0
        column = len(before) - (before.rfind("\n") + 1) + 1 if at else 0
        hint = diag.message_hint or diag.message_detail or ""
        if (error.sqlstate or "").startswith("42P0") or error.sqlstate in ("42710", "42723"):
            hint = hint or _QUALIFIED
        return Problem(f"{told}{state}", Place(str(self.file), line, column), hint=hint)


_QUALIFIED = (
    "a template that names its schema, or makes what belongs to the whole database, needs "
    "chaos_isolation = database, or IF NOT EXISTS"
)


def template_of(options: Options) -> Template | None:
    """Return the template that the setting names, None without one.

    A file is looked for below the root folder; a module is imported as tests import it.

    Raises:
        InputTrouble: there is no such file, module or function.
    """
    given = options.template
    if not given:
        return None
    module, colon, function = given.partition(":")
    if not colon or given.endswith(".sql"):
        file = options.rootdir / given
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise InputTrouble(f"{SETTING} = {given}: {file}: {why}", hint=_HINT) from None
        return Template(given, file=file, statements=text)
    return Template(given, function=_function(given, module, function, options.rootdir))


_ASYNC = "an asynchronous function would not be run; expected a plain one"
_HINT = "expected path.sql or module:function, the function being called with a connection"


def _function(given: str, module: str, name: str, root: Path) -> Callable[[Any], Any]:
    added = str(root) not in sys.path
    if added:
        # The root may not be on the path when tests are imported without touching it.
        sys.path.append(str(root))
    try:
        loaded = importlib.import_module(module)
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        message = f"{SETTING} = {given}: the module {module} cannot be imported: {told}"
        raise InputTrouble(Problem(message, _raised_at(error), hint=_HINT)) from error
    finally:
        if added:
            sys.path.remove(str(root))
    found = getattr(loaded, name, None)
    if not callable(found):
        state = "is not callable" if hasattr(loaded, name) else "is not there"
        raise InputTrouble(f"{SETTING} = {given}: {name} {state} in {module}", hint=_HINT)
    if inspect.iscoroutinefunction(found) or inspect.isasyncgenfunction(found):
        raise InputTrouble(f"{SETTING} = {given}: {_ASYNC}", hint=_HINT)
    return found  # type: ignore[no-any-return]


def _raised_at(error: BaseException) -> Place | None:
    """Return the innermost line of the user's own code that *error* came through."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not any(part in frame.filename for part in _NOT_THEIRS):
            return Place(frame.filename, frame.lineno or 0)
    return None


_NOT_THEIRS = ("/psycopg", "<frozen", "/importlib/", str(Path(__file__).parents[1]))
