"""The settlement service: what is owed, when, by law, and what was paid."""

from services.settlement.handlers import handlers
from shared.app import Service

service = Service(name="settlement", handlers=handlers)
