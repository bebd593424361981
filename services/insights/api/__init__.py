"""The HTTP face of insights: translate a request, call one function, return its result."""

from fastapi import APIRouter

from services.insights.api import looks, previews, releases, scorecards

router = APIRouter()
for part in (scorecards.router, looks.router, previews.router, releases.router):
    router.include_router(part)
