"""The production service: suppliers report how far each work order has come."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from services.production.api import router
from services.production.handlers import handlers
from services.production.queries import CHECKS
from shared import bars
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Heed suspensions beside the API when Kafka is away."""
    return (partial(bars.heed, app.state.store.system),)


service = Service(name="production", router=router, handlers=handlers, jobs=jobs, checks=CHECKS)
