"""The page of effectiveness: one file that opens offline, in the looks of the run reports."""

from __future__ import annotations

from importlib import resources
from string import Template

from hormesis.reports.page.chart_library import INSTALL, packed_chart_library
from hormesis.reports.page.markup import Content, Markup, data_script, element, joined
from hormesis.reports.page.pills import badge, pill
from hormesis.reports.parts.wording import count, day, plural, share, shortened, span
from hormesis.testing.effectiveness.charts import charts_of
from hormesis.testing.effectiveness.figures import Bug, Figures, Point, by_category
from hormesis.testing.effectiveness.modes import CATEGORIES, Mode
from hormesis.testing.effectiveness.rows import Evidence
from hormesis.testing.effectiveness.terminal import (
    NO_EVIDENCE,
    bugs_told,
    coverage_told,
    shrinking_told,
    stability_told,
    time_told,
)

TITLE = "Effectiveness of the chaos tests"
ROWS_MAX = 100
"""How many bugs and unstable tests are written out."""


def page_of(found: Figures) -> str:
    """Return the page as HTML."""
    library = packed_chart_library()
    here = resources.files("hormesis.testing.effectiveness").joinpath("assets")
    css = _report_asset("page.css") + here.joinpath("effectiveness.css").read_text("utf-8")
    return Template(_report_asset("page.html")).substitute(
        title=TITLE,
        css=css,
        body=joined(_body(found, has_charts=library is not None)),
        scripts=joined(
            element("script", Markup(_report_asset("page.js"))),
            _chart_scripts(found, library, here.joinpath("effectiveness.js").read_text("utf-8")),
        ),
    )


def _body(found: Figures, *, has_charts: bool) -> Content:
    newest = found.trend[-1] if found.trend else None
    meta = [
        day(newest.started) if newest else "",
        f"the last {plural(found.runs, 'run')}",
        f"{plural(found.detection.tests, 'chaos test')}, {count(found.executions)} executions",
    ]
    theme = element("button", "Theme", type="button", data_theme_button=True, hidden=True)
    return [
        element("div", element("span", "Hormesis", cls="mark"), element("span", cls="gap"), theme,
                cls="top"),
        element("header", element("h1", TITLE),
                element("p", [element("span", one) for one in meta if one], cls="meta")),
        element("main", _key_figures(found), _trend(found, has_charts=has_charts), _bugs(found),
                _unshown(found), _modes(found), _stability(found), _time(found)),
        element("footer", "Figures without evidence are left empty: they are neither 0 nor 100 %."),
    ]  # fmt: skip


def _key_figures(found: Figures) -> Markup:
    cells = [
        ("bugs per 100 chaos tests", bugs_told(found)),
        ("failure modes covered", coverage_told(found)),
        ("stable tests", stability_told(found)),
        ("run time", time_told(found)),
        ("shrink steps tried", shrinking_told(found)),
    ]
    strip = element("dl", [_cell(name, *told) for name, told in cells], cls="key-figures")
    return element("div", strip, cls="verdict")


def _cell(name: str, value: str, told: str) -> Markup:
    shown = element("span", value or NO_EVIDENCE, cls="value" if value else "value none")
    return element(
        "div", element("dt", name), element("dd", shown, element("span", told, cls="told"))
    )


def _trend(found: Figures, *, has_charts: bool) -> Markup:
    charts = element(
        "div",
        [
            element(
                "figure",
                element("figcaption", chart["title"]),
                element("p", NO_EVIDENCE, cls="empty")
                if chart["empty"]
                else element("div", cls="trend", data_trend=chart["name"]),
            )
            for chart in charts_of(found)
        ],
        cls="trends",
    )
    missing = element(
        "p",
        "The charts are not drawn, because plotly was not installed where this page was made: ",
        element("code", INSTALL),
        ". All figures are in the table.",
        cls="callout",
    )
    names = ("Run", "Started", "Tests", "Failed", "Bugs", "New", "Per 100", "Modes", "Stable",
             "Time", "Shrinks")  # fmt: skip
    table = _table(names, [_point(one) for one in reversed(found.trend)], numbers=range(2, 11))
    return element(
        "section", element("h2", "Over the runs"), charts if has_charts else missing, table
    )


def _point(one: Point) -> list[Content]:
    per_100 = "" if one.per_100 is None else f"{one.per_100:.3g}"
    shrinks = "" if one.shrinks is None else f"{one.shrinks:.3g}"
    return [
        f"{one.run}", day(one.started), count(one.tests), count(one.failed), count(one.bugs),
        count(one.new), per_100, _share(one.covered), _share(one.stable), span(one.run_s), shrinks,
    ]  # fmt: skip


def _bugs(found: Figures) -> Markup:
    bugs = found.detection.bugs
    nothing = element("p", "No chaos test failed in these runs.", cls="empty")
    rows = [_bug(bug) for bug in bugs[:ROWS_MAX]]
    return element(
        "section",
        element("h2", "Bugs found"),
        _table(("", "Test", "What", "Seen"), rows, numbers=[3]) if rows else nothing,
        _more(len(bugs)),
    )


def _unshown(found: Figures) -> Markup | None:
    names = found.shown_nothing
    if not names:
        return None
    rows: list[list[Content]] = [[element("code", name)] for name in names[:ROWS_MAX]]
    return element(
        "section",
        element("h2", "Shown nothing"),
        element("p", "In the last run their fault was not seen to hurt, or there was no evidence "
                "for a verdict. They count neither as passed nor as a bug.", cls="empty"),
        _table(("Test",), rows),
        _more(len(names)),
    )  # fmt: skip


def _bug(bug: Bug) -> list[Content]:
    one = bug.sighting
    key, word = ("fail", "new") if bug.is_new else ("plain", "seen before")
    what = [
        element("b", one.error),
        element("span", shortened(one.message, 160), cls="why"),
        element("code", one.place or "no own frame"),
    ]
    marks = [pill(key, word), " ", badge("expected") if one.expected else None]
    return [marks, element("code", one.test), what, plural(bug.times, "time")]


def _modes(found: Figures) -> Markup:
    counts = by_category(found.coverage)
    groups = [
        element(
            "article",
            element("h3", category, " ", badge(f"{counts[category][0]} of {counts[category][1]}")),
            element("ul", [
                _mode(mode, evidence)
                for mode, evidence in found.coverage.by_mode.items()
                if mode.category == category
            ]),
        )
        for category in CATEGORIES
    ]  # fmt: skip
    unlisted = found.coverage.unlisted
    left = f"Noted, and in no failure mode: {', '.join(unlisted)}." if unlisted else ""
    return element(
        "section",
        element("h2", "Failure modes"),
        element("p", "Covered is what really happened in a test, not what a marker says.",
                cls="empty"),
        element("div", groups, cls="modes"),
        element("p", left, cls="empty") if left else None,
    )  # fmt: skip


def _mode(mode: Mode, evidence: tuple[Evidence, ...]) -> Markup:
    tests = sorted({one.test for one in evidence})
    how = f"{plural(len(tests), 'test')}: {shortened(evidence[-1].proof, 120)}" if tests else ""
    shown = pill("pass", mode.name) if tests else pill("plain", mode.name)
    told = element("span", mode.told, element("span", how, cls="how"), cls="told")
    return element("li", shown, told, title="\n".join(tests[:20]) or None)


def _stability(found: Figures) -> Markup:
    unstable = found.stability.unstable
    rows: list[list[Content]] = [
        [element("code", one.test), f"{one.passed} passed", f"{one.failed} failed",
         element("code", one.fingerprint)]
        for one in unstable[:ROWS_MAX]
    ]  # fmt: skip
    told = "None of those measured." if found.stability.measured else f"{NO_EVIDENCE}."
    return element(
        "section",
        element("h2", "Both passed and failed on the same code"),
        _table(("Test", "", "", "Code"), rows) if rows else element("p", told, cls="empty"),
        _more(len(unstable)),
    )


def _time(found: Figures) -> Markup:
    rows: list[list[Content]] = [
        [element("code", one.test), span(one.duration_s)] for one in found.pace.slowest
    ]
    return element(
        "section",
        element("h2", "Slowest chaos tests of the last run"),
        _table(("Test", "Time"), rows, numbers=[1]),
    )


def _table(
    names: tuple[str, ...], rows: list[list[Content]], numbers: range | list[int] = range(0)
) -> Markup:
    def line(tag: str, cells: list[Content]) -> Markup:
        return element("tr", [
            element(tag, cell, cls="n" if index in numbers else None)
            for index, cell in enumerate(cells)
        ])  # fmt: skip

    table = element(
        "table",
        element("thead", line("th", list(names))),
        element("tbody", [line("td", row) for row in rows]),
        cls="table",
    )
    return element("div", table, cls="frame")


def _more(number: int) -> Content:
    rest = number - ROWS_MAX
    return element("p", f"… and {count(rest)} more", cls="more") if rest > 0 else None


def _share(value: float | None) -> str:
    return "" if value is None else share(value)


def _chart_scripts(found: Figures, library: str | None, script: str) -> Content:
    if library is None:
        return None
    return [
        data_script("trends", charts_of(found)),
        element("script", Markup(library), type="application/gzip", id="chart-library"),
        element("script", Markup(script)),
    ]


def _report_asset(name: str) -> str:
    return resources.files("hormesis.reports").joinpath("assets", name).read_text("utf-8")
