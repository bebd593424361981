"""OAuth clients, what was granted to them, and the tokens that came of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.identity.domain import access
from services.identity.domain.tokens import SigningKey, digest, same
from services.identity.models.model import Model
from services.identity.models.organizations import Organization
from shared.database import Identified


class Client(Identified, Model):
    """A program that acts for an organization, or for people at its pages.

    The methods are those that Authlib asks of a client (its `ClientMixin`).
    """

    __tablename__ = "clients"
    __table_args__ = (
        Index(
            "uq_clients_living",
            "organization_id",
            "name",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    auth_method: Mapped[str]
    secret_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    jwks: Mapped[dict[str, Any] | None]
    grant_types: Mapped[list[str]]
    redirect_uris: Mapped[list[str]]
    scopes: Mapped[list[str]]
    trusted: Mapped[bool] = mapped_column(default=False)  # the platform's own: no consent is asked
    ended_at: Mapped[datetime | None]
    organization: Mapped[Organization] = relationship(lazy="raise")

    @property
    def client_id(self) -> str:
        return str(self.id)

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Name none: a request says where its answer goes, or gets none (OAuth 2.1)."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return what was asked if all of it is allowed; never silently less."""
        asked = (scope or "").split()
        allowed = {*self.scopes, access.OPENID}
        return " ".join(asked) if asked and allowed.issuperset(asked) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        kept = self.secret_digest
        return kept is not None and same(kept, digest(client_secret))

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and "authorization_code" in self.grant_types

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


class Authorization(Identified, Model):
    """What a person granted to a client: the code, and the family of all tokens from it.

    Whoever issues or ends one of them holds this row, so that nothing outlives its family.
    """

    __tablename__ = "authorizations"
    __table_args__ = (Index("ix_authorizations_organization_id_id", "organization_id", "id"),)

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("clients.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id"), index=True)
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    redirect_uri: Mapped[str]
    scope: Mapped[str]
    code_challenge: Mapped[str]
    nonce: Mapped[str | None]
    authenticated_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # the code
    redeemed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]  # when a token was last issued
    revoked_at: Mapped[datetime | None]

    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class RefreshToken(Model):
    """One link of a family's chain: used once, for the next."""

    __tablename__ = "refresh_tokens"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    authorization_id: Mapped[UUID] = mapped_column(ForeignKey("authorizations.id"), index=True)
    client_id: Mapped[UUID]
    scope: Mapped[str]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.id

    def get_scope(self) -> str:
        return self.scope


class AccessToken(Model):
    """An access token that was issued, by its `jti`: what can be revoked."""

    __tablename__ = "access_tokens"

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    authorization_id: Mapped[UUID | None] = mapped_column(ForeignKey("authorizations.id"))
    client_id: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.id


class UsedAssertion(Model):
    """A client assertion that was presented; it holds once."""

    __tablename__ = "used_assertions"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)  # of client and jti
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SigningKeyRow(Model):
    """A key that signs tokens from a moment on, and is known before and after."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    algorithm: Mapped[str]
    private_jwk: Mapped[str]
    signs_from: Mapped[datetime]
    retired_at: Mapped[datetime | None]  # from then on another signs

    @property
    def key(self) -> SigningKey:
        return SigningKey(self.kid, self.algorithm, self.private_jwk)
