"""One long conversation with a server of Toxiproxy's API, and what the real one answered.

``recorded.json`` holds the real server's answers (Shopify/toxiproxy at commit f48fd7f, started with
``-proxy-metrics``). To record them again, start one and run
``python -m tests.integration.toxiproxy.conversation PORT``.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("recorded.json")
PORT = re.compile(r'(?<=[\]\d]:)\d{4,5}(?=[": ])')
"""The port of an address in an answer: it is another one each time."""
TOLD_HEADERS = ("Content-Type", "X-Content-Type-Options", "Location")


@dataclass(frozen=True)
class Ask:
    """One request. ``{busy}`` in a body stands for a port that is taken."""

    method: str
    path: str
    body: str | None = None
    client: str = "tests"

    @property
    def told(self) -> str:
        return " ".join(filter(None, [self.method, self.path, self.body]))


def get(path: str) -> Ask:
    return Ask("GET", path)


def post(path: str, body: Any = None) -> Ask:
    return Ask("POST", path, body if isinstance(body, str | None) else json.dumps(body))


def patch(path: str, body: Any) -> Ask:
    return Ask("PATCH", path, body if isinstance(body, str) else json.dumps(body))


def delete(path: str) -> Ask:
    return Ask("DELETE", path)


def proxy(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1", **more}


def toxic(kind: str, **more: Any) -> Ask:
    return post("/proxies/t/toxics", {"type": kind, **more})


FRAMES = [
    get("/version"),
    Ask("HEAD", "/version"),
    Ask("PUT", "/version", "{}"),
    post("/version"),
    get("/"),
    get("/nothing"),
    get("/proxies/"),
    get("//proxies"),
    get("/proxies/../version"),
    get("/proxies?x=1"),
    get("/proxies"),
    Ask("HEAD", "/proxies"),
    Ask("PUT", "/proxies", "{}"),
    Ask("DELETE", "/proxies"),
    Ask("OPTIONS", "/proxies"),
    get("/reset"),
    get("/populate"),
    Ask("GET", "/proxies", client="Mozilla/5.0 (X11)"),
    Ask("GET", "/version", client="Mozilla/"),
    Ask("GET", "/nothing", client="Mozilla/5.0"),
    Ask("PUT", "/proxies", "{}", client="Mozilla/5.0"),
    Ask("GET", "/version", client="x Mozilla/5.0"),
    Ask("GET", "/version", client="Mozilla"),
    get("/proxies/none"),
    delete("/proxies/none"),
    patch("/proxies/none", {}),
    post("/proxies/none"),
    get("/proxies/none/toxics"),
    post("/proxies/none/toxics", {"type": "latency"}),
    get("/proxies/none/toxics/x"),
    delete("/proxies/none/toxics/x"),
    patch("/proxies/none/toxics/x", {}),
    get("/proxies/none/other"),
    get("/proxies/a/toxics/b/c"),
    post("/reset"),
    post("/reset", "ignored"),
]

CREATION = [
    post("/proxies"),
    post("/proxies", ""),
    post("/proxies", "{"),
    post("/proxies", "nonsense"),
    post("/proxies", "[]"),
    post("/proxies", "5"),
    post("/proxies", "null"),
    post("/proxies", "{}"),
    post("/proxies", {"name": "a"}),
    post("/proxies", {"name": "", "upstream": "x"}),
    post("/proxies", {"upstream": "127.0.0.1:1"}),
    post("/proxies", {"name": 5}),
    post("/proxies", {"name": "a", "upstream": True}),
    post("/proxies", {"name": ["a"]}),
    post("/proxies", {"name": "a", "upstream": "x", "enabled": "yes"}),
    post("/proxies", {"name": "a", "upstream": "x", "enabled": 1}),
    post("/proxies", proxy("a")),
    post("/proxies", proxy("a")),
    get("/proxies/a"),
    post("/proxies", '{"NAME":"b","Upstream":"127.0.0.1:1","LISTEN":"127.0.0.1:0"}'),
    post("/proxies", '{"name":"c","upstream":"127.0.0.1:1","listen":"127.0.0.1:0"} and more'),
    post("/proxies", proxy("d", unknown={"x": [1, 2.5]}, Logger={})),
    post("/proxies", {"name": "no listen", "upstream": "127.0.0.1:1"}),
    post("/proxies", proxy("any", listen="0.0.0.0:0")),
    post("/proxies", proxy("v6", listen="[::1]:0")),
    post("/proxies", proxy("local", listen="localhost:0")),
    post("/proxies", proxy("odd upstream", upstream="nonsense")),
    post("/proxies", proxy("null", enabled=None)),
    post("/proxies", proxy('<é&>\u2028"\\/')),
    get("/proxies/%3C%C3%A9&%3E%E2%80%A8%22%5C%2F"),
    post("/proxies", proxy("with/slash")),
    get("/proxies/with/slash"),
    get("/proxies/with%2Fslash"),
    get("/proxies/no%20listen"),
    post("/proxies", proxy("off", enabled=False, listen=":0")),
    post("/proxies", {"name": "off too", "upstream": "x", "enabled": False}),
    post("/proxies", proxy("bad", listen="nonsense")),
    post("/proxies", proxy("bad", listen="a:b:c")),
    post("/proxies", proxy("bad", listen="127.0.0.1:99999")),
    post("/proxies", proxy("bad", listen="127.0.0.1:-1")),
    post("/proxies", proxy("bad", listen="127.0.0.1:nonsense")),
    post("/proxies", proxy("bad", listen="[::1:0")),
    post("/proxies", proxy("bad", listen="192.0.2.1:0")),
    post("/proxies", proxy("bad", listen="127.0.0.1:{busy}")),
    get("/proxies/bad"),
    post("/proxies", proxy("bad", listen="127.0.0.1:{busy}", enabled=False)),
    patch("/proxies/bad", {"enabled": True}),
    get("/proxies/bad"),
    delete("/proxies/bad"),
    delete("/proxies/bad"),
    post("/reset"),
    get("/proxies"),
]

CHANGES = [
    patch("/proxies/a", ""),
    patch("/proxies/a", "{}"),
    patch("/proxies/a", "null"),
    patch("/proxies/a", "[]"),
    patch("/proxies/a", {"enabled": "no"}),
    patch("/proxies/a", {"name": 1}),
    patch("/proxies/a", {"name": "other"}),
    patch("/proxies/a", {"enabled": False}),
    patch("/proxies/a", {"enabled": False}),
    patch("/proxies/a", {"enabled": True}),
    post("/proxies/a", {"enabled": False}),
    post("/proxies/a", {"enabled": True}),
    post("/proxies/a/toxics", {"type": "latency", "attributes": {"latency": 5}}),
    patch("/proxies/a", {"upstream": "127.0.0.1:2"}),
    patch("/proxies/a", {"listen": "127.0.0.1:0"}),
    patch("/proxies/a", {"listen": "nonsense"}),
    patch("/proxies/a", {"listen": "127.0.0.1:99999"}),
    get("/proxies/a"),
    patch("/proxies/a", {"listen": "127.0.0.1:{busy}"}),
    get("/proxies/a"),
    patch("/proxies/a", {"listen": "127.0.0.1:0"}),
    patch("/proxies/a", {"enabled": True}),
    patch("/proxies/a", {"listen": "127.0.0.1:0", "enabled": False}),
    get("/proxies/a"),
    patch("/proxies/off", {"enabled": True}),
    patch("/proxies/off too", {"enabled": True}),
    delete("/proxies/a"),
    get("/proxies/a"),
    get("/proxies/a/toxics"),
]

TOXICS = [
    post("/proxies", proxy("t")),
    get("/proxies/t/toxics"),
    toxic("latency"),
    toxic("latency"),
    toxic("latency", name="up", stream="upstream"),
    toxic("latency", name="up"),
    toxic("latency", stream="UPSTREAM"),
    toxic("latency", stream="Sideways"),
    toxic("latency", stream=""),
    toxic("latency", stream="both"),
    toxic("latency", stream=None, name="null"),
    toxic("nothing"),
    toxic(""),
    post("/proxies/t/toxics", {}),
    post("/proxies/t/toxics", ""),
    post("/proxies/t/toxics", "{"),
    post("/proxies/t/toxics", "[]"),
    post("/proxies/t/toxics", "null"),
    post("/proxies/t/toxics", {"type": 5}),
    toxic("latency", name=5),
    toxic("latency", stream=5),
    toxic("nothing", stream="sideways"),
    toxic("latency", name="up", attributes={"latency": "x"}),
    toxic("bandwidth", attributes={"rate": 30}),
    toxic("slow_close", attributes={"delay": 10}),
    toxic("timeout", attributes={"timeout": 60000}),
    toxic("reset_peer", attributes={"timeout": 1}),
    toxic("slicer", attributes={"average_size": 64, "size_variation": 32, "delay": 10}),
    toxic("limit_data", attributes={"bytes": 100000}),
    toxic("noop"),
    toxic("noop", name="n", attributes={"x": 1}),
    toxic("bandwidth", name="b1"),
    toxic("bandwidth", name="b2", attributes=None),
    toxic("bandwidth", name="b3", attributes={"unknown": "x", "RATE": 4}),
    toxic("bandwidth", name="b4", attributes={"rate": -4}),
    toxic("bandwidth", name="bad", attributes={"rate": 1.5}),
    toxic("bandwidth", name="bad", attributes={"rate": 1.0}),
    toxic("bandwidth", name="bad", attributes={"rate": "1"}),
    toxic("bandwidth", name="bad", attributes={"rate": True}),
    toxic("bandwidth", name="bad", attributes={"rate": [1]}),
    toxic("bandwidth", name="bad", attributes={"rate": 99999999999999999999}),
    toxic("bandwidth", name="bad", attributes=5),
    toxic("bandwidth", name="bad", attributes=[1]),
    toxic("bandwidth", name="bad", attributes="x"),
    toxic("slicer", name="s0"),
    toxic("latency", name="half", toxicity=0.5),
    toxic("latency", name="tenth", toxicity=0.1),
    toxic("latency", name="seven", toxicity=7),
    toxic("latency", name="minus", toxicity=-1),
    toxic("latency", name="tiny", toxicity=1e-9),
    toxic("latency", name="huge", toxicity=1e30),
    toxic("latency", name="third", toxicity=0.3333333333),
    toxic("latency", name="zero", toxicity=0),
    toxic("latency", name="big", toxicity=123456789),
    toxic("latency", name="bad", toxicity="1"),
    toxic("latency", name="bad", toxicity=True),
    toxic("latency", name="bad", toxicity=1e300),
    toxic("latency", name="none", toxicity=None),
    get("/proxies/t/toxics"),
    get("/proxies/t"),
    get("/proxies/t/toxics/up"),
    get("/proxies/t/toxics/no"),
    patch("/proxies/t/toxics/no", {}),
    delete("/proxies/t/toxics/no"),
    patch("/proxies/t/toxics/up", ""),
    patch("/proxies/t/toxics/up", "{}"),
    patch("/proxies/t/toxics/up", {"attributes": {"latency": 9}}),
    patch("/proxies/t/toxics/up", {"attributes": {"jitter": 3}}),
    post("/proxies/t/toxics/up", {"attributes": {"jitter": None}, "toxicity": 0.25}),
    patch("/proxies/t/toxics/up", {"name": "x", "type": "timeout", "stream": "downstream"}),
    patch("/proxies/t/toxics/up", {"attributes": {"latency": "x"}}),
    patch("/proxies/t/toxics/up", {"attributes": 5}),
    patch("/proxies/t/toxics/up", {"attributes": None}),
    patch("/proxies/t/toxics/up", {"toxicity": "x"}),
    patch("/proxies/t/toxics/up", "[]"),
    patch("/proxies/t/toxics/up", {"toxicity": None}),
    get("/proxies/t/toxics/up"),
    delete("/proxies/t/toxics/up"),
    delete("/proxies/t/toxics/up"),
    Ask("PUT", "/proxies/t/toxics", "{}"),
    Ask("HEAD", "/proxies/t/toxics"),
    delete("/proxies/t/toxics"),
    get("/proxies/t/toxics/"),
    post("/reset"),
    get("/proxies/t/toxics"),
    get("/proxies"),
]

POPULATE = [
    post("/populate"),
    post("/populate", "{}"),
    post("/populate", "[]"),
    post("/populate", "null"),
    post("/populate", "[5]"),
    post("/populate", [{}]),
    post("/populate", [proxy("p1"), {"name": "p2"}]),
    post("/populate", [proxy("p1"), {"upstream": "x"}]),
    get("/proxies/p1"),
    post("/populate", [proxy("p1"), proxy("p2", enabled=False)]),
    post("/populate", [proxy("p2", enabled=True, listen="127.0.0.1:0")]),
    post("/populate", [proxy("p3", listen="127.0.0.1:{busy}")]),
    get("/proxies/p3"),
    post("/populate", [proxy("p4"), proxy("p5", listen="nonsense"), proxy("p6")]),
    get("/proxies/p4"),
    get("/proxies/p5"),
    get("/proxies/p6"),
    post("/populate", [proxy("p4", listen="nonsense")]),
    post("/populate", [{"name": 5, "upstream": "x"}]),
    post("/populate", [proxy("p7", enabled="x")]),
    post("/populate", [proxy("p8", enabled=None)]),
    get("/proxies"),
    post("/proxies/p1/toxics", {"type": "latency"}),
    post("/populate", [proxy("p1", upstream="127.0.0.1:3")]),
    post("/populate", [proxy("p9", toxics=[{"type": "latency"}])]),
    post("/populate", [proxy("pa"), proxy("pa")]),
    get("/proxies"),
]

CONVERSATION = [*FRAMES, *CREATION, *CHANGES, *TOXICS, *POPULATE]


def played(port: int) -> list[dict[str, Any]]:
    """Hold the conversation with the server on *port*; return each answer, ports made alike."""
    answers = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = str(taken.getsockname()[1])
        for ask in CONVERSATION:
            answers.append(answered(port, ask, busy))
    return answers


def answered(port: int, ask: Ask, busy: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = None if ask.body is None else ask.body.replace("{busy}", busy).encode()
    path = ask.path.replace(" ", "%20")
    connection.request(ask.method, path, body, {"User-Agent": ask.client})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    headers = {name: response.headers[name] for name in TOLD_HEADERS if name in response.headers}
    answer: dict[str, Any] = {"status": response.status, "body": PORT.sub("PORT", text)}
    answer["headers"] = headers
    answer["request_id"] = "X-Toxiproxy-Request-Id" in response.headers
    return answer


def recorded() -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = json.loads(RECORDED.read_text("utf-8"))
    return answers


if __name__ == "__main__":
    made = [
        {"asked": ask.told, **answer}
        for ask, answer in zip(CONVERSATION, played(int(sys.argv[1])), strict=True)
    ]
    text = json.dumps(made, indent=0, ensure_ascii=False)
    RECORDED.write_text(text + "\n", encoding="utf-8")
