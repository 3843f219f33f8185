"""Report ``html``: one page in one file that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from string import Template

from hormesis.reports.page.advice_section import advice_section
from hormesis.reports.page.chart_library import INSTALL, packed_chart_library
from hormesis.reports.page.key_figures import key_figures
from hormesis.reports.page.markup import Content, Markup, element, joined
from hormesis.reports.page.overview import overview_section
from hormesis.reports.page.run_section import dirt_list, run_badges, run_section, unsafe_list
from hormesis.reports.parts.standing import Standing, standing_of_run, standing_of_suite
from hormesis.reports.parts.wording import day, plural
from hormesis.words.report import Judged, Report

OPENED_MAX = 3
"""How many scenarios that did not pass are open when the page of a suite is opened."""

_MARK = Markup(
    '<svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true" fill="none" '
    'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
    '<path d="M1 12h3.2l2-8 4 13 2.6-9 1.4 4H19"/></svg>'
)


class Html(Report):
    """One self-contained page: verdict, timelines, faults with their proofs, checks, advice.

    Charts need the optional package plotly, whose script is put into the page; without it the
    page shows everything else and says how to get them.
    """

    file_name: str = "report.html"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the page as UTF-8."""
        library = packed_chart_library()
        page = Template(_asset("page.html")).substitute(
            title=joined(f"{standing_of_suite(runs).word} · {title}"),
            css=_asset("page.css"),
            body=joined(_body(title, runs, has_charts=library is not None)),
            scripts=_scripts(library),
        )
        # Names of things under test may hold anything, lone surrogates included.
        return page.encode("utf-8", errors="replace")


def _body(title: str, runs: Sequence[Judged], *, has_charts: bool) -> Content:
    single = len(runs) == 1
    anchors = [f"run-{number}" for number in range(1, len(runs) + 1)]
    return [
        _top(),
        element("header", element("h1", title), element("p", _meta(runs), cls="meta")),
        element("main", _verdict(runs), None if has_charts else _no_charts(),
                None if single or not runs else _suite(runs, anchors),
                _runs(runs, anchors, single=single, has_charts=has_charts)),
        element("footer", "Every verdict here is computed from the recorded history alone."),
    ]  # fmt: skip


def _top() -> Markup:
    theme = element("button", "Theme", type="button", data_theme_button=True, hidden=True)
    mark = element("span", _MARK, "Hormesis", cls="mark")
    return element("div", mark, element("span", cls="gap"), theme, cls="top")


def _meta(runs: Sequence[Judged]) -> Content:
    if not runs:
        return None
    manifest = runs[0].history.manifest
    told = [
        day(manifest.get("started_wall")),
        plural(len(runs), "scenario") if len(runs) > 1 else str(manifest.get("experiment") or ""),
        f"seed {manifest['seed']}" if "seed" in manifest else "",
        f"Hormesis {manifest['version']}" if manifest.get("version") else "",
    ]
    return [element("span", text) for text in told if text]


def _verdict(runs: Sequence[Judged]) -> Markup:
    standing = standing_of_suite(runs)
    single = len(runs) == 1
    return element(
        "div",
        _verdict_head(standing, run_badges(runs[0]) if single else None),
        [dirt_list(run, named=not single) for run in runs],
        [unsafe_list(run, named=not single) for run in runs],
        key_figures(runs) if runs else None,
        cls="verdict",
    )


def _verdict_head(standing: Standing, badges: Content) -> Markup:
    words = element(
        "div",
        element("strong", standing.word, cls="word"),
        element("p", standing.reason, cls="reason"),
        badges,
    )
    sign = element("span", standing.glyph, cls="sign", aria_hidden="true")
    return element("div", sign, words, cls=f"verdict-head {standing.key}")


def _suite(runs: Sequence[Judged], anchors: Sequence[str]) -> Content:
    advice = advice_section(runs, anchors)
    return [
        element("section", element("h2", "Scenarios"), overview_section(runs, anchors)),
        element("section", element("h2", "What to do"), advice) if advice else None,
    ]


def _runs(
    runs: Sequence[Judged], anchors: Sequence[str], *, single: bool, has_charts: bool
) -> Content:
    troubled = [run for run in runs if standing_of_run(run).key != "pass"][:OPENED_MAX]
    told = [
        run_section(
            run,
            anchor,
            single=single,
            opened=any(run is one for one in troubled),
            has_charts=has_charts,
        )
        for run, anchor in zip(runs, anchors, strict=True)
    ]
    if single or not runs:
        return told
    fold = element("button", "Open all", type="button", data_fold=True, hidden=True)
    head = element("div", element("h2", "Each scenario"), fold, cls="head-row")
    return element("section", head, told)


def _no_charts() -> Markup:
    return element(
        "p",
        "The timelines are not drawn, because plotly was not installed where this page was made: ",
        element("code", INSTALL),
        ". Everything else is here.",
        cls="callout no-charts",
    )


def _scripts(library: str | None) -> Markup:
    page = element("script", Markup(_asset("page.js")))
    if library is None:
        return page
    packed = element("script", Markup(library), type="application/gzip", id="chart-library")
    return joined(page, packed, element("script", Markup(_asset("chart.js"))))


def _asset(name: str) -> str:
    return resources.files("hormesis.reports").joinpath("assets", name).read_text("utf-8")
