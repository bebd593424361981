"""The orders service: what was ordered, promised, changed and made of it."""

from services.orders.api import router
from services.orders.handlers import handlers
from services.orders.queries.checks import CHECKS
from shared.app import Service

service = Service(name="orders", router=router, handlers=handlers, checks=CHECKS)
