"""Register programs of organizations, as the platform's operator."""

from collections.abc import Sequence
from uuid import UUID

from lianqiao.installation import CannotError
from lianqiao.serving import stores_of
from shared.database import transaction, utc_now
from shared.problem import Problem


async def create(name: str, *, organization_id: str, scopes: Sequence[str]) -> dict[str, object]:
    """Register a client that signs in by its secret, and return both; the secret is not kept."""
    from contracts.scopes import Scope  # noqa: PLC0415
    from services.identity import commands  # noqa: PLC0415
    from services.identity.domain.clients import AuthMethod, GrantType  # noqa: PLC0415

    try:
        organization = UUID(organization_id)
        wanted = [Scope(scope) for scope in scopes]
    except ValueError as error:
        known = ", ".join(Scope)
        raise CannotError(f"{error}. An organization is a UUID; scopes are {known}.") from error
    async with stores_of(["identity"]) as stores, transaction(stores["identity"].system) as session:
        try:
            made = await commands.ensure_client(
                session,
                organization_id=organization,
                name=name,
                scopes=wanted,
                grant_types=[GrantType.CREDENTIALS],
                auth_method=AuthMethod.SECRET,
                secret=None,
                at=utc_now(),
            )
        except Problem as problem:
            raise CannotError(str(problem)) from problem
    if made.secret is None:
        raise CannotError(f"The organization has a client {name} already; choose another name.")
    return {"client_id": made.client_id, "secret": made.secret, "scopes": wanted}
