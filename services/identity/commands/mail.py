"""The letters that identity writes."""

from importlib.resources import files
from typing import Final

from services.identity.models import Mail
from shared.mail import ATTEMPTS_MAX, Letter, Post
from shared.web.languages import Catalog

FORGOTTEN: Final = "/password/forgotten"

INVITATION = Letter(
    "{inviter} invites you to {organization} on Lianqiao",
    "Hello {name},\n\n{inviter} invites you to work for {organization} on Lianqiao. "
    "Open this link within 7 days to choose a password:\n\n{link}\n\n"
    "If you do not know who this is, do nothing.\n",
)
PASSWORD_FORGOTTEN = Letter(
    "Set a new password for Lianqiao",
    "Hello {name},\n\nsomebody, probably you, asked for a new password. "
    "Open this link within one hour to set it:\n\n{link}\n\n"
    "If it was not you, do nothing: your password stays as it is.\n",
)
PASSWORD_CHANGED = Letter(
    "Your password for Lianqiao was changed",
    "Hello {name},\n\nyour password was changed just now, and other browsers were signed out. "
    "If it was not you, set a new one at once:\n\n{link}\n",
)
REGISTERED = Letter(
    "{organization} is registered on Lianqiao",
    "Hello {name},\n\n{organization} was registered on Lianqiao just now, and you administer it. "
    "Sign in with this address:\n\n{link}\n\n"
    "If it was not you, set a new password by the link on that page and tell the operator.\n",
)

post = Post(Mail, Catalog([files("services.identity").joinpath("locale")]))
deliver, deliver_one, write = post.deliver, post.deliver_one, post.write

__all__ = [
    "ATTEMPTS_MAX",
    "FORGOTTEN",
    "INVITATION",
    "PASSWORD_CHANGED",
    "PASSWORD_FORGOTTEN",
    "REGISTERED",
    "deliver",
    "deliver_one",
    "post",
    "write",
]
