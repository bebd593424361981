"""The HTTP face of logistics: translate a request, call one function, return its result."""

from fastapi import APIRouter

from services.logistics.api import carriage, lines, papers, photos, receipts, shipments

router = APIRouter()
for part in (lines, shipments, papers, carriage, receipts, photos):
    router.include_router(part.router)
