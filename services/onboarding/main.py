"""The onboarding service: how suppliers come in, and how they and their buyers stand."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from services.onboarding.api import edge, router
from services.onboarding.commands.letters import post
from services.onboarding.handlers import handlers
from services.onboarding.queries import CHECKS
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Send letters beside the API, and forget old ones."""
    system = app.state.store.system
    return partial(post.deliver, system), partial(post.tidy, system)


service = Service(
    name="onboarding", router=router, edge=edge, handlers=handlers, jobs=jobs, checks=CHECKS
)
