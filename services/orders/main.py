"""The orders service: what was ordered, promised, changed and made of it."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from services.orders.api import router
from services.orders.handlers import handlers
from services.orders.queries.checks import CHECKS
from shared import bars
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Heed suspensions beside the API when Kafka is away."""
    return (partial(bars.heed, app.state.store.system),)


service = Service(
    name="orders", router=router, handlers=handlers, gather_s=0, jobs=jobs, checks=CHECKS
)
