"""What settlement does when onboarding, orders and logistics speak."""

from shared.inbox import Handlers

handlers = Handlers()
