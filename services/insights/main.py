"""The insights service: what the chain's figures say, to whom they may be said."""

from services.insights.api import router
from services.insights.handlers import handlers
from shared.app import Service

service = Service(name="insights", router=router, handlers=handlers)
