# The idea: k6's way: functions as users, scenarios with executors, thresholds, setup and teardown.
# run:    hormesis load examples/load/scenarios.py
# see:    shop_server.py is the system; BASE says where it is.
# expect: exit 0
import os
from json import load
from urllib.request import urlopen

from hormesis.load import scenario

BASE = os.environ.get("BASE", "http://127.0.0.1:8080")

options = {
    "scenarios": {
        "steady": {
            "executor": "constant-arrival-rate", "rate": "40/s", "duration": "3s", "vus": 20,
            "exec": "browse",
        },
        "buyers": {"executor": "constant-vus", "vus": 2, "duration": "3s", "exec": "buy"},
    },
    "thresholds": {
        "http_req_duration{scenario:steady}": ["p(95)<1000"],
        "checks": ["rate>0.99"],
    },
}  # fmt: skip


def setup():
    with urlopen(f"{BASE}/items") as answer:
        return load(answer)["items"]


def teardown(items):
    assert items, "what setup returned is given to teardown"


@scenario
async def browse(user):
    item = user.rng.choice(user.setup_data)
    answer = await user.http.get(f"{BASE}/items/{item}", name="item")
    user.check("item", answer.ok)


@scenario
async def buy(user):
    if not user.http.cookies.as_dict():
        await user.http.post(f"{BASE}/login", json={"name": "ada"}, name="login")
    answer = await user.http.post(f"{BASE}/orders", json={"item": 1}, name="order")
    user.check("ordered", answer.status == 201)
    await user.pause(0.05)
