"""The insights service: what the chain's figures say, to whom they may be said."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from services.insights.api import router
from services.insights.commands import previews
from services.insights.handlers import handlers
from services.insights.queries.checks import CHECKS
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Work out previews beside the API."""
    return (partial(previews.work_on, app.state.store.system),)


service = Service(name="insights", router=router, handlers=handlers, jobs=jobs, checks=CHECKS)
