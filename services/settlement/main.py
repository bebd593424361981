"""The settlement service: what is owed, when, by law, and what was paid."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from services.settlement.api import router
from services.settlement.commands import clock, upkeep
from services.settlement.handlers import handlers
from services.settlement.queries.checks import CHECKS
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Owe for what was passed over, and keep the dates fresh, beside the API."""
    system = app.state.store.system
    return partial(upkeep.keep_up, system), partial(clock.keep_up, system)


service = Service(name="settlement", router=router, handlers=handlers, jobs=jobs, checks=CHECKS)
