"""The command line of ``hormesis load``: its options and their help; the work is imported late."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hormesis.cli.option_types import AsJson, Force, Out, Quiet, Seed

What = Annotated[
    str,
    typer.Argument(
        metavar="URL|SCRIPT|FILE",
        help="An http or https URL, a Python script with users, or an experiment file with loads.",
    ),
]
Vus = Annotated[
    int | None,
    typer.Option(
        "--vus",
        "-u",
        metavar="N",
        help="Virtual users; with --rate, how many may be busy at once. Default: 10.",
    ),
]
Lasts = Annotated[
    str,
    typer.Option(
        "--for", "--duration", "-d", metavar="TIME", help="How long: 30s, 5m. Default: 10s."
    ),
]
Rate = Annotated[
    str,
    typer.Option(
        "--rate",
        "-r",
        metavar="N/s",
        help="Arrivals per second, whatever the system does (open model); where stages of a rate, "
        "or --find-limit, begin.",
    ),
]
Iterations = Annotated[
    int | None,
    typer.Option("--iterations", "-n", metavar="N", help="So many iterations in all."),
]
Stages = Annotated[
    list[str] | None,
    typer.Option(
        "--stage",
        metavar="TIME:TARGET",
        help="Go to TARGET in TIME: users (30s:100), or a rate (30s:100/s, or with --rate). "
        "Repeatable.",
    ),
]
StartVus = Annotated[
    int | None,
    typer.Option("--start-vus", metavar="N", help="Users at the first stage's start. Default: 1."),
]
Method = Annotated[
    str,
    typer.Option("--method", "-X", metavar="METHOD", help="Default: GET, with a body POST."),
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        "-H",
        metavar="NAME:VALUE",
        help="A header of each request. ${env.NAME} stands for a variable of the environment; "
        "values of secret headers are kept out of all records. Repeatable.",
    ),
]
Body = Annotated[
    str,
    typer.Option("--body", metavar="TEXT", help="The body as text; @FILE reads it from a file."),
]
JsonBody = Annotated[
    str,
    typer.Option(
        "--json-body",
        metavar="JSON",
        help="The body as JSON; @FILE reads it. {{uuid}}, {{iteration}}, {{random.N}} in texts "
        "differ each time.",
    ),
]
Timeout = Annotated[
    str,
    typer.Option("--timeout", metavar="TIME", help="How long an answer may take. Default: 30s."),
]
Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="URL",
        help="The base of a script's users; goes before the one that they have themselves.",
    ),
]
Name = Annotated[
    str,
    typer.Option("--name", metavar="NAME", help="What the request is called. Default: GET /path."),
]
Think = Annotated[
    str,
    typer.Option(
        "--think",
        metavar="TIME",
        help="Pause after each iteration: 1s, or drawn evenly from 500ms..2s.",
    ),
]
Insecure = Annotated[
    bool,
    typer.Option("--insecure", "-k", help="Take an https server's certificate without proof."),
]
Thresholds = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        "-t",
        metavar="EXPR",
        help='What must hold, such as "http_req_duration p(95) < 500ms" (counted from when a '
        'request was due). Repeatable. Default: "http_req_failed rate < 1%".',
    ),
]
NoDefault = Annotated[
    bool,
    typer.Option("--no-default-threshold", help="Judge no threshold when none is given."),
]
Processes = Annotated[
    int | None,
    typer.Option(
        "--processes",
        min=1,
        max=256,
        metavar="N",
        help="Processes that generate the load. Default: one for little, else all cores.",
    ),
]
Cluster = Annotated[
    str,
    typer.Option(
        "--cluster", metavar="ADDRESS", help="Generate the load on the machines of a cluster."
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="NAME=VALUE", help="A tag of everything the users do. Repeatable."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Of a file: set a variable. Of a script: set one of its environment. Repeatable.",
    ),
]
SummaryJson = Annotated[
    Path | None,
    typer.Option(
        "--summary-json",
        metavar="FILE",
        help="Also write k6's summary (the shape of handleSummary) to FILE.",
    ),
]
Csv = Annotated[
    str,
    typer.Option(
        "--csv",
        metavar="PREFIX",
        help="Also write Locust's files: PREFIX_stats.csv, _stats_history.csv, _failures.csv.",
    ),
]
Prometheus = Annotated[
    int | None,
    typer.Option(
        "--prometheus",
        min=0,
        max=65535,
        metavar="PORT",
        help="Serve live figures for Prometheus on http://127.0.0.1:PORT/metrics; 0 takes a free "
        "port.",
    ),
]
Otel = Annotated[
    str,
    typer.Option(
        "--otel",
        metavar="URL",
        help="Push live figures to an OpenTelemetry collector, such as "
        "http://127.0.0.1:4318/v1/metrics (pip install 'hormesis[otel]').",
    ),
]
FindLimit = Annotated[
    bool,
    typer.Option(
        "--find-limit",
        help="Raise the rate until a threshold breaks, bracket it, repeat to be sure, and name the "
        "limit. --rate is where it begins (10/s), --for how long each step lasts (10s).",
    ),
]
Precision = Annotated[
    str,
    typer.Option("--precision", metavar="SHARE", help="How narrow the bracket gets."),
]
Repeats = Annotated[
    int,
    typer.Option(
        "--repeats", min=1, max=20, metavar="N", help="How often each end of it is played."
    ),
]
RateMax = Annotated[
    str,
    typer.Option("--rate-max", metavar="N/s", help="Never go above this rate."),
]
Settle = Annotated[
    str,
    typer.Option("--settle", metavar="TIME", help="The pause between two steps."),
]
Scale = Annotated[
    float,
    typer.Option(
        "--time-scale",
        metavar="FACTOR",
        help="Multiply the durations of the load's shape; 0.1 plays it ten times shorter.",
    ),
]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", help="Go on without asking, as in CI."),
]


def load(
    context: typer.Context,
    what: What,
    vus: Vus = None,
    lasts: Lasts = "",
    rate: Rate = "",
    iterations: Iterations = None,
    stages: Stages = None,
    start_vus: StartVus = None,
    time_scale: Scale = 1.0,
    method: Method = "",
    headers: Headers = None,
    body: Body = "",
    json_body: JsonBody = "",
    timeout: Timeout = "",
    host: Host = "",
    name: Name = "",
    think: Think = "",
    insecure: Insecure = False,
    thresholds: Thresholds = None,
    no_default_threshold: NoDefault = False,
    find_limit: FindLimit = False,
    precision: Precision = "5%",
    repeats: Repeats = 3,
    rate_max: RateMax = "",
    settle: Settle = "2s",
    processes: Processes = None,
    cluster: Cluster = "",
    variables: Set = None,
    seed: Seed = None,
    force: Force = False,
    yes: Yes = False,
    tags: Tags = None,
    summary_json: SummaryJson = None,
    csv: Csv = "",
    prometheus: Prometheus = None,
    otel: Otel = "",
    out: Out = Path("hormesis-runs"),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Put load on a URL, or play a script's users, and judge what came of it.

    Latency counts from when a request was due, so that a stalled system cannot hide.
    """
    from hormesis.cli.load_command import load_command
    from hormesis.cli.load_options import load_options

    raise typer.Exit(load_command(load_options(context.params)))
