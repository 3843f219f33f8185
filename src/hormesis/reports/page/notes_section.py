"""Notes, and the manifest: what else was said during the run, and how to run it again."""

from __future__ import annotations

from hormesis.reports.page.markup import Content, Markup, element
from hormesis.reports.page.pills import pill
from hormesis.reports.parts.manifest_facts import manifest_facts, replay_command
from hormesis.reports.parts.wording import moment, plural
from hormesis.words.history import History, LoadRecord, Note

_NOTES_SHOWN = 50
_LEVELS = {"fatal": "fail", "warning": "unknown"}


def notes_section(history: History) -> Content:
    """Return notes, troubles of loads and unreadable parts of the record; nothing if none."""
    notes = [*history.notes, *(_of_load(one) for one in history.loads if one.trouble)]
    notes += [Note(0.0, "warning", "record", problem) for problem in history.problems]
    if not notes:
        return None
    shown = [_note(note) for note in notes[:_NOTES_SHOWN]]
    hidden = len(notes) - len(shown)
    more = element("li", f"and {plural(hidden, 'more note')}", cls="more") if hidden else None
    return element("ul", shown, more, cls="notes")


def manifest_section(history: History) -> Content:
    """Return the command that replays the run with a copy button, and the facts about it."""
    command = replay_command(history)
    replay = element(
        "div",
        element("code", command),
        element("button", "Copy", type="button", cls="copy", data_copy=command),
        cls="replay",
    )
    facts = [element("div", element("dt", k), element("dd", v)) for k, v in manifest_facts(history)]
    return [replay if command else None, element("dl", facts, cls="facts")]


def _note(note: Note) -> Markup:
    return element(
        "li",
        pill(_LEVELS.get(note.level, "plain"), note.level),
        element("span", moment(note.time), cls="time"),
        element("span", element("b", note.source), " ", note.text),
    )


def _of_load(load: LoadRecord) -> Note:
    return Note(load.started, "warning", load.load, load.trouble)
