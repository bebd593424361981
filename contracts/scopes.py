"""Every permission the platform can grant, `<service>:<action>`, and the roles that hold them."""

from enum import StrEnum


class Scope(StrEnum):
    """What a token may be used for. `import` and `operate` are the platform operator's to grant."""

    IDENTITY_ADMINISTER = "identity:administer"  # one's own organization: people, clients, audit
    IDENTITY_OPERATE = "identity:operate"  # every organization: register, suspend, grant
    ONBOARDING_IMPORT = "onboarding:import"  # relationships of the past
    ONBOARDING_READ = "onboarding:read"  # with whom the organization works
    ONBOARDING_WRITE = "onboarding:write"  # propose, accept, suspend and end relationships
    ORDERS_COMMENT = "orders:comment"  # messages and reminders on orders
    ORDERS_CONFIRM = "orders:confirm"  # what a supplier says: confirm, propose, consent
    ORDERS_IMPORT = "orders:import"  # orders and promises of the past
    ORDERS_PLACE = "orders:place"  # what a buyer says: order, change, cancel, consent
    ORDERS_READ = "orders:read"  # orders, the order book, changes
    PLATFORM_OPERATE = "platform:operate"  # replay and discard dead letters
    PLATFORM_READ = "platform:read"  # metrics and health in detail
    PRODUCTION_IMPORT = "production:import"  # reports of the past
    PRODUCTION_READ = "production:read"  # work orders and reports
    PRODUCTION_WRITE = "production:write"  # report and take back, name operations


class Role(StrEnum):
    """What a person does in an organization, or a program for it."""

    BUYER_FINANCE = "buyer.finance"
    BUYER_PROCUREMENT = "buyer.procurement"
    BUYER_QUALITY = "buyer.quality"
    ORGANIZATION_ADMIN = "organization.admin"
    PARTNER_BANK = "partner.bank"
    PARTNER_CARRIER = "partner.carrier"
    PLATFORM_OPERATOR = "platform.operator"
    REGULATOR_VIEWER = "regulator.viewer"
    SUPPLIER_FINANCE = "supplier.finance"
    SUPPLIER_LOGISTICS = "supplier.logistics"
    SUPPLIER_PRODUCTION = "supplier.production"
    SUPPLIER_SALES = "supplier.sales"


_SEE = frozenset({Scope.ONBOARDING_READ, Scope.ORDERS_READ, Scope.PRODUCTION_READ})
_TALK = _SEE | {Scope.ORDERS_COMMENT}

ROLES: dict[Role, frozenset[Scope]] = {
    Role.BUYER_FINANCE: _TALK,
    Role.BUYER_PROCUREMENT: _TALK | {Scope.ONBOARDING_WRITE, Scope.ORDERS_PLACE},
    Role.BUYER_QUALITY: _TALK,
    Role.ORGANIZATION_ADMIN: frozenset(
        {Scope.IDENTITY_ADMINISTER, Scope.ONBOARDING_READ, Scope.ONBOARDING_WRITE}
    ),
    Role.PARTNER_BANK: frozenset(),
    Role.PARTNER_CARRIER: frozenset(),
    Role.PLATFORM_OPERATOR: frozenset(
        {
            Scope.IDENTITY_ADMINISTER,
            Scope.IDENTITY_OPERATE,
            Scope.ONBOARDING_IMPORT,
            Scope.PLATFORM_OPERATE,
            Scope.PLATFORM_READ,
        }
    ),
    Role.REGULATOR_VIEWER: frozenset(),
    Role.SUPPLIER_FINANCE: _TALK,
    Role.SUPPLIER_LOGISTICS: _TALK,
    Role.SUPPLIER_PRODUCTION: _TALK | {Scope.PRODUCTION_WRITE},
    Role.SUPPLIER_SALES: _TALK | {Scope.ONBOARDING_WRITE, Scope.ORDERS_CONFIRM},
}
OPERATORS = frozenset({Role.PLATFORM_OPERATOR, Role.REGULATOR_VIEWER})
"""Roles that an organization's administrator cannot give: only the platform's operator can."""
GRANTED_BY_OPERATOR = frozenset(scope for scope in Scope if scope.endswith((":import", ":operate")))
"""Scopes that a client of an organization has only when the platform's operator granted them."""
