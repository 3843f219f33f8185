# The idea: users as classes with weighted tasks, checks, groups, a feed and a metric of one's own.
# run:    hormesis load examples/load/shop.py --vus 5 --for 3s
# see:    shop_server.py is the system; BASE says where it is.
# expect: exit 0
import os

from hormesis.load import Counter, HttpUser, between, csv_feed, tag, task

orders = Counter("orders_placed")


class Visitor(HttpUser):
    abstract = True
    base = os.environ.get("BASE", "http://127.0.0.1:8080")
    wait_time = between(0.01, 0.05)

    @task(3)
    async def browse(self):
        answer = await self.http.get("/items")
        self.check("there are items", answer.ok and answer.json()["items"])


class Browser(Visitor):
    weight = 3

    @tag("detail")
    @task
    async def look(self):
        number = self.rng.randrange(1, 100)
        answer = await self.http.get(f"/items/{number}", name="/items/:id")
        self.check("it is the one", answer.ok and answer.json()["id"] == number)


class Buyer(Visitor):
    buyers = csv_feed("buyers.csv")

    async def on_start(self):
        self.row = self.buyers.next()
        await self.http.post("/login", json={"name": self.row["name"]})

    @task
    async def order(self):
        with self.group("checkout"):
            await self.http.get("/")
            answer = await self.http.post("/orders", json={"item": self.row["item"]}, expect=201)
            if answer.status == 201:
                orders.add(1, item=self.row["item"])
