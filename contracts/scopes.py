"""Every permission the platform can grant, `<service>:<action>`, and the roles that hold them."""

from enum import StrEnum


class Scope(StrEnum):
    """What a token may be used for. `import` and `operate` are the platform operator's to grant."""

    IDENTITY_ADMINISTER = "identity:administer"  # one's own organization: people, clients, audit
    IDENTITY_OPERATE = "identity:operate"  # every organization: register, suspend, grant
    INSIGHTS_OPERATE = "insights:operate"  # preview and publish releases
    INSIGHTS_READ = "insights:read"  # one's own figures and those of one's suppliers
    INSIGHTS_REGULATE = "insights:regulate"  # published releases, by region and industry
    LOGISTICS_IMPORT = "logistics:import"  # shipments and receipts of the past
    LOGISTICS_READ = "logistics:read"  # notices, shipments, receipts
    LOGISTICS_RECEIVE = "logistics:receive"  # what a buyer says: receive, accept, reject
    LOGISTICS_SHIP = "logistics:ship"  # what a supplier says: notices, packages, departure
    LOGISTICS_TRACK = "logistics:track"  # what a carrier says of its own shipments
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
    SETTLEMENT_APPROVE = "settlement:approve"  # payment proposals, each by another person
    SETTLEMENT_IMPORT = "settlement:import"  # invoices and payments of the past
    SETTLEMENT_INVOICE = "settlement:invoice"  # what a supplier says: statements, invoices
    SETTLEMENT_MATCH = "settlement:match"  # what a buyer says: statements, exceptions
    SETTLEMENT_PAY = "settlement:pay"  # propose payments and record them
    SETTLEMENT_READ = "settlement:read"  # invoices, statements, terms and balances


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


_SEE = frozenset(
    {
        Scope.LOGISTICS_READ,
        Scope.ONBOARDING_READ,
        Scope.ORDERS_READ,
        Scope.PRODUCTION_READ,
    }
)
_TALK = _SEE | {Scope.ORDERS_COMMENT}
_OWED = frozenset({Scope.INSIGHTS_READ, Scope.SETTLEMENT_READ})

ROLES: dict[Role, frozenset[Scope]] = {
    Role.BUYER_FINANCE: (
        _TALK | _OWED | {Scope.SETTLEMENT_APPROVE, Scope.SETTLEMENT_MATCH, Scope.SETTLEMENT_PAY}
    ),
    Role.BUYER_PROCUREMENT: (
        _TALK | _OWED | {Scope.LOGISTICS_RECEIVE, Scope.ONBOARDING_WRITE, Scope.ORDERS_PLACE}
    ),
    Role.BUYER_QUALITY: _TALK | {Scope.INSIGHTS_READ, Scope.LOGISTICS_RECEIVE},
    Role.ORGANIZATION_ADMIN: frozenset(
        {Scope.IDENTITY_ADMINISTER, Scope.ONBOARDING_READ, Scope.ONBOARDING_WRITE}
    ),
    Role.PARTNER_BANK: frozenset(),
    Role.PARTNER_CARRIER: frozenset({Scope.LOGISTICS_TRACK}),
    Role.PLATFORM_OPERATOR: frozenset(
        {
            Scope.IDENTITY_ADMINISTER,
            Scope.IDENTITY_OPERATE,
            Scope.INSIGHTS_OPERATE,
            Scope.ONBOARDING_IMPORT,
            Scope.PLATFORM_OPERATE,
            Scope.PLATFORM_READ,
        }
    ),
    Role.REGULATOR_VIEWER: frozenset({Scope.INSIGHTS_REGULATE}),
    Role.SUPPLIER_FINANCE: _TALK | _OWED | {Scope.SETTLEMENT_INVOICE},
    Role.SUPPLIER_LOGISTICS: _TALK | {Scope.LOGISTICS_SHIP},
    Role.SUPPLIER_PRODUCTION: _TALK | {Scope.PRODUCTION_WRITE},
    Role.SUPPLIER_SALES: (
        _TALK
        | _OWED
        | {
            Scope.LOGISTICS_SHIP,
            Scope.ONBOARDING_WRITE,
            Scope.ORDERS_CONFIRM,
            Scope.SETTLEMENT_INVOICE,
        }
    ),
}
OPERATORS = frozenset({Role.PLATFORM_OPERATOR, Role.REGULATOR_VIEWER})
"""Roles that an organization's administrator cannot give: only the platform's operator can."""
GRANTED_BY_OPERATOR = frozenset(
    scope for scope in Scope if scope.endswith((":import", ":operate", ":regulate"))
)
"""Scopes that a client of an organization has only when the platform's operator granted them."""
