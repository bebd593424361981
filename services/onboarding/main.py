"""The onboarding service: how suppliers come in, and how they and their buyers stand."""

from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from contracts.onboarding import RelationshipChanged
from services.onboarding.api import edge, router
from services.onboarding.commands.letters import post
from services.onboarding.handlers import handlers
from services.onboarding.queries import CHECKS
from shared import bars
from shared.app import Service
from shared.run import Job


def jobs(app: FastAPI) -> Sequence[Job]:
    """Send letters and forget old ones; call out suspensions that wait for Kafka."""
    system = app.state.store.system
    calling = partial(bars.call, system, RelationshipChanged.type)
    return partial(post.deliver, system), partial(post.tidy, system), calling


service = Service(
    name="onboarding", router=router, edge=edge, handlers=handlers, jobs=jobs, checks=CHECKS
)
