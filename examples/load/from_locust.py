# The idea: a Locust file needs another import, and runs; its plain methods have a thread each.
# run:    hormesis load examples/load/from_locust.py --vus 3 --for 3s
# see:    shop_server.py is the system; BASE says where it is.
# expect: exit 0
import os

from hormesis.load import HttpUser, SequentialTaskSet, between, task


class WebsiteUser(HttpUser):
    host = os.environ.get("BASE", "http://127.0.0.1:8080")
    wait_time = between(0.01, 0.05)

    def on_start(self):
        self.client.post("/login", json={"name": f"user-{self.number}"})

    @task(2)
    def index(self):
        with self.client.get("/", catch_response=True) as response:
            if response.json()["shop"] != "open":
                response.failure("the shop is closed")

    @task
    class Order(SequentialTaskSet):
        @task
        def look(self):
            self.client.get("/items/7", name="/items/[id]")

        @task
        def buy(self):
            self.client.post("/orders", json={"item": 7})
