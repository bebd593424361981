"""The logistics service: what is shipped, what comes, and what is accepted."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from services.logistics.api import router
from services.logistics.commands import acceptances
from services.logistics.handlers import handlers
from services.logistics.queries.checks import CHECKS
from shared import bars
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Accept what nobody judged in time, beside the API; heed suspensions when Kafka is away."""
    system = app.state.store.system
    return partial(acceptances.keep_deeming, system), partial(bars.heed, system)


service = Service(name="logistics", router=router, handlers=handlers, jobs=jobs, checks=CHECKS)
