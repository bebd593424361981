"""The HTTP face of identity: its API, and the pages and OAuth endpoints at its edge."""

from fastapi import APIRouter

from services.identity.api import (
    authorize,
    clients,
    invitations,
    mailbox,
    oauth,
    organizations,
    passwords,
    people,
    records,
    register,
    sign_in,
)

router = APIRouter()
for part in (organizations, people, clients, records):
    router.include_router(part.router)

# One flat list: the platform reads from it which addresses are identity's.
PAGES = oauth, authorize, sign_in, register, passwords, invitations, mailbox
edge = APIRouter(routes=[route for page in PAGES for route in page.router.routes])

__all__ = ["edge", "router"]
