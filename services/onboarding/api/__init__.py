"""The HTTP face of onboarding: translate a request, call one function, return its result."""

from fastapi import APIRouter

from services.onboarding.api import (
    applications,
    invitations,
    join,
    profiles,
    relationships,
    sheets,
)

router = APIRouter()
for part in (relationships, sheets, invitations, applications, profiles):
    router.include_router(part.router)
edge = APIRouter(routes=[*join.router.routes])

__all__ = ["edge", "router"]
