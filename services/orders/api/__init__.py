"""The HTTP face of orders: translate a request, call one function, return its result."""

from fastapi import APIRouter

from services.orders.api import changes, orders, partners, schedule_lines

router = APIRouter()
for part in (orders, schedule_lines, changes, partners):
    router.include_router(part.router)
