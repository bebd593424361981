"""The onboarding service: who buys from whom, and how the two stand to each other."""

from services.onboarding.api import router
from services.onboarding.handlers import handlers
from services.onboarding.queries import CHECKS
from shared.app import Service

service = Service(name="onboarding", router=router, handlers=handlers, checks=CHECKS)
