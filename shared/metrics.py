"""What the operator watches, in Prometheus' form: requests, the outbox, consumers, letters."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS_S = 0.005, 0.01, 0.02, 0.04, 0.1, 0.2, 0.5, 1, 5


class Meter:
    """The figures of one service in one process."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self._service = service
        self._requests = Histogram(
            "lianqiao_request_seconds",
            "Time to answer",
            ["service", "method", "route", "status"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self._gauges = {
            name: Gauge(f"lianqiao_{name}", said, ["service"], registry=self.registry)
            for name, said in (
                ("outbox_backlog", "Events committed and not yet sent"),
                ("outbox_age_seconds", "Age of the oldest event not yet sent"),
                ("consumer_lag", "Events in Kafka that this service has not applied yet"),
                ("dead_letters", "Events that wait for the operator"),
            )
        }

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request under the route that answered it, never under its own address."""
        known = method if method in METHODS else "other"  # anybody may make up any number of them
        self._requests.labels(self._service, known, route, status).observe(seconds)

    def report(self, figures: Mapping[str, float]) -> bytes:
        """Return everything in Prometheus' text format, with the figures of just now."""
        for name, value in figures.items():
            self._gauges[name].labels(self._service).set(value)
        return generate_latest(self.registry)
