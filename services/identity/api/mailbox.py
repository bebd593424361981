"""Where the letters of this service are read on a platform without a mail server."""

from services.identity.api.browser import pages
from services.identity.commands import mail
from shared.web.mailbox import mailbox

# The letters of onboarding lie with onboarding, below its own address.
router = mailbox(
    mail.post, pages, path="/mailbox", others={"/join/mailbox": "Invitations to suppliers"}
)
