"""The letters that onboarding writes."""

from importlib.resources import files
from typing import NamedTuple

from services.onboarding.models import Mail
from shared.mail import Letter, Post
from shared.web.languages import Catalog

INVITATION = Letter(
    "{buyer} invites {name} to Lianqiao",
    "Hello {name},\n\n{inviter} of {buyer} invites you to work together on Lianqiao: orders, "
    "progress, deliveries and payments in one place, free of charge for suppliers.\n\n{note}"
    "Have your business license at hand and open this link within 14 days; it can be used once:"
    "\n\n{link}\n\nIf you do not know {buyer}, do nothing.\n",
)
CHANGES_REQUESTED = Letter(
    "{buyer} asks for changes to your application",
    "Hello {name},\n\n{buyer} has read your application and asks for changes:\n\n{notes}\n\n"
    "Open this page to make them and send it again:\n\n{link}\n",
)
APPROVED = Letter(
    "{buyer} has approved your application",
    "Hello {name},\n\n{buyer} has approved your application. One step is left: read the agreement "
    "and accept it as your company's administrator:\n\n{link}\n",
)
DECLINED = Letter(
    "{buyer} has declined your application",
    "Hello {name},\n\n{buyer} has declined your application:\n\n{reason}\n\n"
    "You find it here:\n\n{link}\n",
)
LETTERS = INVITATION, CHANGES_REQUESTED, APPROVED, DECLINED

post = Post(Mail, Catalog([files("services.onboarding").joinpath("locale")]))


class Addressee(NamedTuple):
    """Whom a letter goes to."""

    email: str
    name: str
    language: str
