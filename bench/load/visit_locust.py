"""The same script for Locust, with its fast client: one request, two checks."""

from locust import FastHttpUser, task


class Visitor(FastHttpUser):
    """Asks for one page over and over."""

    @task
    def visit(self):
        """Ask once."""
        answer = self.client.get("/path")
        if answer.status_code != 200:
            raise AssertionError("status is 200")
        if len(answer.content) <= 10:
            raise AssertionError("has a body")
