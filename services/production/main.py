"""The production service: suppliers report how far each work order has come."""

from services.production.api import router
from services.production.handlers import handlers
from services.production.queries import CHECKS
from shared.app import Service

service = Service(name="production", router=router, handlers=handlers, checks=CHECKS)
