"""Messages that people attach to commits, as Hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from hormesis.strategies.drawn import counted

_LETTERS = st.characters(exclude_characters="\x00", codec="utf-8")
_AWKWARD = (
    "it's", 'say "no"', "100 %", "%s %(name)s {0} {name}", "'; DROP TABLE a; --", "a\\b\\'",
    "title\n\nbody\n", "\r\n", " ahead and behind ", "\t", "NULL", "null", "0", "-1", "\\N",
    "e\u0301 is not é", "ﬁ", "ÄÖÜß", "🐘👩‍👩‍👧", "\u202eright to left", "\ufeffmark",
    "\x7f\x1b[31m",    "$$", "$1", "/* */", "<b>&amp;</b>", "名前", "word " * 200,
)  # fmt: skip


def messages(*, min_size: int = 0, max_size: int = 2000) -> st.SearchStrategy[str]:
    """Draw messages that a column of type ``text`` holds exactly; they shrink to ``""``.

    Quotes, percent signs, SQL, line ends of every sort, blanks at both ends, Unicode that looks
    alike, letters outside the first plane and long texts are among them. NUL, which PostgreSQL
    refuses, is not.

    Args:
        min_size: the fewest characters.
        max_size: the most characters.
    """
    awkward = [text for text in _AWKWARD if min_size <= len(text) <= max_size]
    found = st.text(_LETTERS, min_size=min_size, max_size=min(max_size, max(min_size, 80)))
    lines = st.lists(st.text(_LETTERS, max_size=40), max_size=5).map("\n".join)
    choices = [found, lines.filter(lambda text: min_size <= len(text) <= max_size)]
    if awkward:
        choices.append(st.sampled_from(awkward))
    return counted("messages", st.one_of(choices))
