"""The identity service: who acts on the platform, for whom, and with which rights."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from services.identity.api import edge, router
from services.identity.commands import mail, upkeep
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Send mail and keep keys fresh beside the API."""
    system = app.state.store.system
    return partial(mail.deliver, system), partial(upkeep.keep_up, system)


service = Service(name="identity", router=router, edge=edge, jobs=jobs)
